"""What a session measures with: clocks, an energy meter and a thermometer, or the reasons why there are none."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

from runtime.boards.clocks import Clocks
from runtime.boards.thermometer import Thermometer
from runtime.contract.kind import Kind
from runtime.contract.measurement import Lacking, MeasurementHeader
from runtime.energy.energy import Meter
from runtime.engine.machine import this_machine

THIS_MACHINE = "sysfs"
NO_METER = Lacking(
    "energy",
    "no power rail or energy counter of this machine can be read",
    "run `edge-runtime doctor`: it names each sensor and what it needs; energy stays null until then",
)
NO_CLOCKS = Lacking(
    "clocks",
    "the clocks of this machine cannot be set",
    "run as root, or measure at the clocks found; those float with load and temperature",
)
NO_THERMOMETER = Lacking(
    "temperature", "no thermal zone of this machine can be read", "none needed: the warm-up watches the latency instead"
)
PACKAGES = ("edge-codesign", "onnxruntime", "numpy")


@dataclass(frozen=True, slots=True)
class Apparatus:
    """What is at hand. None stands for what is missing, and `missing` says why."""

    clocks: Clocks | None = None
    meter: Meter | None = None
    thermometer: Thermometer | None = None
    profile: str | None = None
    hardware: str = THIS_MACHINE  # the SPEC it was opened by
    found: dict[str, str] = field(default_factory=dict)
    missing: tuple[Lacking, ...] = ()
    machine: str = field(default_factory=this_machine)

    @property
    def kind(self) -> Kind:
        """Measured, unless clocks or sensors are those of a model or a recording: their figures are no measurement."""
        return Kind.MEASURED if self.hardware == THIS_MACHINE else Kind.SIMULATED

    @property
    def why_no_energy(self) -> str | None:
        """The reason why no record will have joules, or None where they can be metered."""
        if self.meter is not None:
            return None
        return next((lack.why for lack in self.missing if lack.what == NO_METER.what), NO_METER.why)

    def lacking(self) -> tuple[Lacking, ...]:
        """Everything that is missing, with a general reason where none was given."""
        named = {lack.what for lack in self.missing}
        general = (
            (self.meter is None, NO_METER),
            (self.clocks is None, NO_CLOCKS),
            (self.thermometer is None, NO_THERMOMETER),
        )
        if any(name.endswith("clock") for name in named):  # each clock has said its own reason
            named.add(NO_CLOCKS.what)
        return (*self.missing, *(lack for absent, lack in general if absent and lack.what not in named))


def header(apparatus: Apparatus, plan_sha256: str, wall: str) -> MeasurementHeader:
    """What the records of a session on this apparatus begin with."""
    return MeasurementHeader(
        plan_sha256=plan_sha256,
        machine=apparatus.machine,
        profile=apparatus.profile,
        hardware=apparatus.hardware,
        found=dict(apparatus.found),
        missing=apparatus.lacking(),
        software={"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        kind=apparatus.kind,
        wall=wall,
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # a board may have ONNX Runtime under a vendor's package name, or run from a checkout
        return "unknown"
