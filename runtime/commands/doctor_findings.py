"""What doctor found, as plain values: the same for printing, for `--json`, and for judging what is degraded.

`--json` prints these fields under these names. Quantities are in SI units, which the names end in; what could not be
read is null, never 0. Fields are added in later versions, not renamed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from runtime.boards.missing import Missing

from .doctor_service import Installed, Powerd
from .doctor_software import Software

FORMAT_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Machine:
    """What the board says it is."""

    hardware: str  # as given to --hardware
    is_this_machine: bool
    model: str | None
    soc: str | None  # such as tegra234
    compatible: tuple[str, ...]
    profile: str | None  # the board profile that matched
    support: str | None  # runs, container or simulated: what the runtime can do on that board
    l4t: str | None
    jetpack: str | None
    kernel: str | None
    architecture: str | None
    container: bool
    power_mode: str | None  # that nvpmodel set last


@dataclass(frozen=True, slots=True)
class ClockFinding:
    """One clock: cpu, gpu or emc (memory)."""

    clock: str
    present: bool
    table_hz: tuple[int, ...]  # empty: not known
    current_hz: int | None
    min_hz: int | None
    max_hz: int | None  # the cap now, of the power mode or of heat
    settable: bool
    why_not: str | None


@dataclass(frozen=True, slots=True)
class ModeCaps:
    """A power mode of the board's profile, with its caps; None leaves a clock free."""

    name: str
    default: bool  # the mode that the board is delivered in
    cpus_online: int
    cpu_max_hz: int | None
    gpu_max_hz: int | None
    emc_max_hz: int | None


@dataclass(frozen=True, slots=True)
class RailFinding:
    """One power rail, or the total of several."""

    rail: str
    in_total: bool
    power_w: float | None
    quantum_w: float | None  # readings are multiples of this
    scope: str | None
    method: str | None
    kind: str | None  # measured, predicted, simulated or assumed
    read_cost_s: float | None  # one reading takes this long, the median of a few


@dataclass(frozen=True, slots=True)
class CounterFinding:
    """Joules that the hardware adds up."""

    scope: str | None
    method: str | None
    energy_j: float | None
    quantum_j: float | None


@dataclass(frozen=True, slots=True)
class Heat:
    """How warm it is, and whether that costs speed."""

    temperature_c: float | None
    throttling_now: bool | None  # None: the board shows no sign, either way
    signs: tuple[str, ...]  # what speaks for it, in words


@dataclass(frozen=True, slots=True)
class BatteryFinding:
    """The battery that feeds the board."""

    name: str
    charge_fraction: float | None
    power_w: float | None  # that it gives; None while it is charged


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything."""

    machine: Machine
    clocks: tuple[ClockFinding, ...]
    power_modes: tuple[ModeCaps, ...]
    rails: tuple[RailFinding, ...]
    total: RailFinding | None
    covers: str | None  # what the total stands for, and what it leaves out
    counter: CounterFinding | None
    heat: Heat
    battery: BatteryFinding | None
    missing: tuple[Missing, ...]
    software: Software
    powerd: Powerd | None  # None: not asked, since the hardware is not this machine
    installed: Installed

    def clock(self, name: str) -> ClockFinding | None:
        """A clock by name."""
        return next((each for each in self.clocks if each.clock == name), None)


@dataclass(frozen=True, slots=True)
class Degraded:
    """Something that will be worse than it could be: what is lost, why, and what to do."""

    what: str
    because: str
    to_do: str

    def __str__(self) -> str:
        return f"{self.what}: {self.because}; to do: {self.to_do}"


def as_json(findings: Findings, degraded: tuple[Degraded, ...]) -> dict[str, Any]:
    """Every field under its own name, and what is degraded."""
    return {
        "format_version": FORMAT_VERSION,
        "serves": not degraded,
        "degraded": [asdict(each) for each in degraded],
        **asdict(findings),
    }
