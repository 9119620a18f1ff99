"""By what predictor backbones were priced, with what measuring said of it: the optional `predictor` of the results."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.kind import Kind

from .quantities import energy_text, latency_text
from .reading import Node

TEXTS = {"latency": latency_text, "energy": energy_text}


@dataclass(frozen=True, slots=True)
class UncertainRow:
    """A backbone alone, without exits; costs in seconds or joules. `refitted`: after learning from the measurement."""

    name: str
    predicted: float
    low: float
    high: float
    outside: bool
    measured: float
    noisy: bool
    refitted: float | None


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The backbones near the front that the predictor was least sure of, measured before anything was chosen."""

    kind: Kind
    on: str
    why_not_refitted: str | None
    mean_error: float
    rows: tuple[UncertainRow, ...]


@dataclass(frozen=True, slots=True)
class SearchPredictor:
    """The predictor of a search."""

    cost: str  # latency or energy
    model: str
    encoding: str
    fitted_kind: Kind
    fitted_on: str
    samples: int
    calibrated: bool
    backbones: int
    outside: tuple[str, ...]
    measured: Uncertain | None

    def text(self, cost: float) -> str:
        """A cost with its unit."""
        return TEXTS[self.cost](cost)

    @property
    def sentence(self) -> str:
        """What it is and how far it reaches."""
        intervals = "" if self.calibrated else " Its intervals promise nothing: too few samples to set them by."
        outside = (
            "all within its range"
            if not self.outside
            else f"{len(self.outside)} of them outside its range, where it may be far off: {', '.join(self.outside)}"
        )
        return (
            f"The {self.cost} of whole backbones was predicted by {self.model} ({self.encoding}), fitted on "
            f"{self.samples} designs, {self.fitted_kind.value} on {self.fitted_on}. {self.backbones} backbones were "
            f"evaluated, {outside}.{intervals}"
        )


def predictor_from(node: Node) -> SearchPredictor:
    """Read and check it. Raises ConfigError, naming the path."""
    fitted = node.at("fitted_on")
    cost = node.at("cost").text()
    if cost not in TEXTS:
        raise node.at("cost").wrong(f"one of {', '.join(TEXTS)}")
    return SearchPredictor(
        cost=cost,
        model=node.at("model").text(),
        encoding=node.at("encoding").text(),
        fitted_kind=fitted.at("kind").kind(),
        fitted_on=fitted.at("on").text(),
        samples=fitted.at("samples").count(),
        calibrated=node.at("calibrated").flag(),
        backbones=node.at("backbones").count(),
        outside=node.at("outside").texts(),
        measured=None if node.at("measured").absent else _uncertain(node.at("measured")),
    )


def _uncertain(node: Node) -> Uncertain:
    return Uncertain(
        kind=node.at("kind").kind(),
        on=node.at("on").text(),
        why_not_refitted=node.at("why_not_refitted").optional_text(),
        mean_error=node.at("mean_error").at_least_zero(),
        rows=tuple(_row(row) for row in node.at("rows").items()),
    )


def _row(node: Node) -> UncertainRow:
    return UncertainRow(
        name=node.at("name").text(),
        predicted=node.at("predicted").above_zero(),
        low=node.at("low").at_least_zero(),
        high=node.at("high").above_zero(),
        outside=node.at("outside").flag(),
        measured=node.at("measured").above_zero(),
        noisy=node.at("noisy").flag(),
        refitted=node.at("refitted").optional_above_zero(),
    )
