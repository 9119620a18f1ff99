"""What was measured beside what was predicted: the optional `measured` key of `results.json`."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.errors import UnitError
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint

from .reading import Node

DIFFERENCES = ("machine", "device")


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """A mode, or a bar of the static network. `of_static`: its latency over the static network's at the same clocks."""

    name: str
    design: str
    requested: OperatingPoint | None
    applied: OperatingPoint | None
    pinned: bool
    predicted_latency_s: float
    measured_latency_s: float
    predicted_energy_j: float
    measured_energy_j: float | None
    predicted_of_static: float
    measured_of_static: float
    noisy: bool
    why_noisy: tuple[str, ...]

    @property
    def latency_ratio(self) -> float:
        """Measured over predicted."""
        return self.measured_latency_s / self.predicted_latency_s

    @property
    def energy_ratio(self) -> float | None:
        """Measured over predicted; None where the joules are not known."""
        return None if self.measured_energy_j is None else self.measured_energy_j / self.predicted_energy_j


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of one run."""

    target: str
    kind: Kind
    hardware: str
    differs: str | None  # from what was compiled for: machine, device, or None
    why_no_energy: str | None
    rows: tuple[MeasuredRow, ...]

    @property
    def pinned(self) -> bool:
        """Whether every row was measured at the clocks asked for."""
        return all(row.pinned for row in self.rows)

    @property
    def metered(self) -> bool:
        """Whether any row has measured joules."""
        return any(row.measured_energy_j is not None for row in self.rows)

    @property
    def mean_latency_error(self) -> float:
        """Mean over rows of how far the prediction is from what was measured, as a share of that."""
        return sum(abs(1.0 / row.latency_ratio - 1.0) for row in self.rows) / len(self.rows)

    @property
    def why_noisy(self) -> tuple[str, ...]:
        """What is wrong with noisy rows, each reason once."""
        return tuple(dict.fromkeys(why for row in self.rows for why in row.why_noisy))


def measured_from(node: Node) -> Measured:
    """Read and check it. Raises ConfigError, naming the path."""
    return Measured(
        target=node.at("target").text(),
        kind=node.at("kind").kind(),
        hardware=node.at("hardware").text(),
        differs=_difference(node.at("differs")),
        why_no_energy=node.at("why_no_energy").optional_text(),
        rows=tuple(_row(row) for row in node.at("rows").items()),
    )


def _difference(node: Node) -> str | None:
    if node.value not in (None, *DIFFERENCES):
        raise node.wrong(f"null or one of {', '.join(DIFFERENCES)}")
    return node.optional_text()


def _row(node: Node) -> MeasuredRow:
    for prefix in node.at("prefixes").items():
        prefix.at("predicted_s").above_zero()
        prefix.at("measured_s").above_zero()
    return MeasuredRow(
        name=node.at("name").text(),
        design=node.at("design").text(),
        requested=_point(node.at("requested")),
        applied=_point(node.at("applied")),
        pinned=node.at("pinned").flag(),
        predicted_latency_s=node.at("predicted_latency_s").above_zero(),
        measured_latency_s=node.at("measured_latency_s").above_zero(),
        predicted_energy_j=node.at("predicted_energy_j").above_zero(),
        measured_energy_j=node.at("measured_energy_j").optional_above_zero(),
        predicted_of_static=node.at("predicted_of_static").above_zero(),
        measured_of_static=node.at("measured_of_static").above_zero(),
        noisy=node.at("noisy").flag(),
        why_noisy=node.at("why_noisy").texts(),
    )


def _point(node: Node) -> OperatingPoint | None:
    if node.absent:
        return None
    try:
        return OperatingPoint(*(node.at(name).count() for name in ("cpu_hz", "gpu_hz", "emc_hz")))
    except UnitError as error:
        raise node.wrong(f"clocks in hertz ({error.what})") from error
