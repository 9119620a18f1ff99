"""What a measurement session writes down: a header, and a record of each subject at each operating point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .errors import ConfigError
from .kind import Kind
from .operating_point import OperatingPoint

SCHEMA = "1.0"
BACK_TO_BACK = "back_to_back"


@dataclass(frozen=True, slots=True)
class LatencyStats:
    """One latency over many runs. Median, mean and spread are of the middle share of the runs, p95 is of all."""

    median_s: float
    mean_s: float
    spread: float  # (slowest - fastest of the middle share) / median
    p95_s: float
    runs: int
    kept: int  # runs in the middle share


@dataclass(frozen=True, slots=True)
class MeasuredEnergy:
    """Joules of one inference, amortised over many."""

    energy_j: float
    uncertainty_j: float  # one standard deviation
    active_energy_j: float | None  # less what the idle device draws in that time; None where idle was not known
    active_uncertainty_j: float | None
    idle_w: float | None  # at the same clocks, just before
    inferences: int
    span_s: float
    scope: str  # rails or package
    method: str
    quantum_w: float
    kind: Kind


@dataclass(frozen=True, slots=True)
class Prefix:
    """Everything from the image up to and including one stage."""

    latency: LatencyStats
    energy: MeasuredEnergy | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One subject at one operating point. `noisy` figures are kept, and `why_noisy` says what is wrong with them."""

    subject: str
    requested: OperatingPoint | None  # None: as found
    applied: OperatingPoint | None  # as read back; None where no clock can be read
    pinned: bool  # False: governors were free to choose, or the clocks could not be set
    load: str  # "back_to_back", or "25 requests/s"
    prefixes: tuple[Prefix, ...]  # one per stage
    why_no_energy: str | None  # None where every prefix has its energy
    temperature_start_c: float | None
    temperature_end_c: float | None
    warm_up_runs: int
    steady: bool  # False: the warm-up ran out of time before anything settled
    attempts: int
    noisy: bool
    why_noisy: tuple[str, ...]
    kind: Kind
    monotonic_s: float  # when it ended
    wall: str  # the same moment, ISO 8601; a board's wall clock may jump

    @property
    def latency_s(self) -> float:
        """Median of a run through every stage."""
        return self.prefixes[-1].latency.median_s

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {"record": "measurement", **asdict(self)}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> Measurement:
        """Read what `to_json` wrote; keys of later versions are left aside. Raises ConfigError on anything else."""
        try:
            return cls(
                subject=str(table["subject"]),
                requested=_point(table["requested"]),
                applied=_point(table["applied"]),
                pinned=bool(table["pinned"]),
                load=str(table["load"]),
                prefixes=tuple(_prefix(prefix) for prefix in table["prefixes"]),
                why_no_energy=_text(table["why_no_energy"]),
                temperature_start_c=_number(table["temperature_start_c"]),
                temperature_end_c=_number(table["temperature_end_c"]),
                warm_up_runs=int(table["warm_up_runs"]),
                steady=bool(table["steady"]),
                attempts=int(table["attempts"]),
                noisy=bool(table["noisy"]),
                why_noisy=tuple(str(why) for why in table["why_noisy"]),
                kind=Kind(table["kind"]),
                monotonic_s=float(table["monotonic_s"]),
                wall=str(table["wall"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"a measurement lacks or garbles a key: {error!r}", to_do="measure again") from error


@dataclass(frozen=True, slots=True)
class ReferenceReading:
    """The reference subject, measured again and again, tells whether the machine stayed the same."""

    latency_s: float  # median through every stage
    monotonic_s: float
    wall: str

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {"record": "reference", **asdict(self)}


@dataclass(frozen=True, slots=True)
class Lacking:
    """A sensor or a knob that this machine does not offer, and what that costs."""

    what: str
    why: str
    to_do: str


@dataclass(frozen=True, slots=True)
class MeasurementHeader:
    """What all records of one file share; a session that differs in any of it starts another file."""

    plan_sha256: str
    machine: str
    profile: str | None  # the board profile that this machine is recognised as
    hardware: str  # what was asked for: "sysfs" is this machine itself
    found: Mapping[str, str]  # clocks, energy, temperature -> what serves
    missing: tuple[Lacking, ...]
    software: Mapping[str, str]
    kind: Kind
    wall: str  # when the file was begun
    schema: str = SCHEMA

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {"record": "header", **asdict(self)}

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> MeasurementHeader:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: no header, or one of a newer major version.
        """
        try:
            schema = str(table["schema"])
            if schema.split(".")[0] != SCHEMA.split(".")[0]:
                raise ConfigError(
                    f"measurements of schema {schema}; this version reads {SCHEMA.split('.')[0]}.x",
                    to_do="use the version of edge-codesign that measured, or measure again",
                )
            return cls(
                plan_sha256=str(table["plan_sha256"]),
                machine=str(table["machine"]),
                profile=_text(table["profile"]),
                hardware=str(table["hardware"]),
                found={str(key): str(value) for key, value in table["found"].items()},
                missing=tuple(Lacking(str(m["what"]), str(m["why"]), str(m["to_do"])) for m in table["missing"]),
                software={str(key): str(value) for key, value in table["software"].items()},
                kind=Kind(table["kind"]),
                wall=str(table["wall"]),
                schema=schema,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, ConfigError):
                raise
            raise ConfigError(
                f"the header of the measurements lacks or garbles a key: {error!r}", to_do="measure again"
            ) from error

    @property
    def on(self) -> str:
        """What the figures speak of, in words."""
        engine = self.software.get("onnxruntime", "unknown")
        return f"{self.machine}; ONNX Runtime {engine} on CPU"

    def shared(self) -> dict[str, Any]:
        """What must be the same for records to stand in one file."""
        return {key: value for key, value in self.to_json().items() if key not in ("wall", "missing")}


def _prefix(table: Mapping[str, Any]) -> Prefix:
    latency, energy = table["latency"], table["energy"]
    stats = LatencyStats(
        median_s=float(latency["median_s"]),
        mean_s=float(latency["mean_s"]),
        spread=float(latency["spread"]),
        p95_s=float(latency["p95_s"]),
        runs=int(latency["runs"]),
        kept=int(latency["kept"]),
    )
    if energy is None:
        return Prefix(stats, None)
    return Prefix(
        stats,
        MeasuredEnergy(
            energy_j=float(energy["energy_j"]),
            uncertainty_j=float(energy["uncertainty_j"]),
            active_energy_j=_number(energy["active_energy_j"]),
            active_uncertainty_j=_number(energy["active_uncertainty_j"]),
            idle_w=_number(energy["idle_w"]),
            inferences=int(energy["inferences"]),
            span_s=float(energy["span_s"]),
            scope=str(energy["scope"]),
            method=str(energy["method"]),
            quantum_w=float(energy["quantum_w"]),
            kind=Kind(energy["kind"]),
        ),
    )


def _point(table: dict[str, int] | None) -> OperatingPoint | None:
    return None if table is None else OperatingPoint.from_json(table)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


def _text(value: str | None) -> str | None:
    return None if value is None else str(value)
