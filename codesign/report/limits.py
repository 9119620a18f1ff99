"""Limits that a user stated, and what each mode has: the optional `limits` of the results."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.kind import Kind

from .reading import Node


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit and one mode; values in the SI unit, shown in the option's."""

    limit: str
    option: str
    unit: str
    per_si: float
    at_least: bool
    asked: float
    mode: str
    select: float  # on the images that chose the design, where the limit holds
    test: float
    kept_on_test: bool
    kind: Kind
    how: str | None  # how it is predicted, where that needs saying

    def shown(self, value: float) -> str:
        """A value in the option's unit."""
        return f"{value * self.per_si:.4g} {self.unit}".rstrip()

    @property
    def asked_text(self) -> str:
        """The limit with its sign."""
        return f"{'≥' if self.at_least else '≤'} {self.shown(self.asked)}"


def limits_from(node: Node) -> tuple[LimitRow, ...]:
    """Read and check them. Raises ConfigError, naming the path."""
    return tuple(
        LimitRow(
            limit=row.at("limit").text(),
            option=row.at("option").text(),
            unit=row.at("unit").text(),
            per_si=row.at("per_si").above_zero(),
            at_least=row.at("at_least").flag(),
            asked=row.at("asked").number(),
            mode=row.at("mode").text(),
            select=row.at("select").number(),
            test=row.at("test").number(),
            kept_on_test=row.at("kept_on_test").flag(),
            kind=row.at("kind").kind(),
            how=row.at("how").optional_text(),
        )
        for row in node.items()
    )
