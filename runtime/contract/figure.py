"""A number that is shown: its value, how it is known, and on what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .kind import Kind


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in SI units or as a fraction; `on` names the hardware or the data split it speaks of."""

    value: float
    kind: Kind
    on: str

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {"value": self.value, "kind": self.kind.value, "on": self.on}

    @classmethod
    def from_json(cls, table: dict[str, Any]) -> Figure:
        """Read what `to_json` wrote."""
        return cls(float(table["value"]), Kind(table["kind"]), str(table["on"]))
