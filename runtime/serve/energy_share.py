"""Joules of one request: what is said of them, and how they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runtime.contract.arrays import IntArray
from runtime.contract.kind import Kind

from .served_mode import ServedMode


@dataclass(frozen=True, slots=True)
class EnergyShare:
    """`energy_j` of `kind` on `scope`; `active_energy_j` is the part above idling, None where idling is not known."""

    energy_j: float
    active_energy_j: float | None
    kind: Kind
    scope: str

    def to_json(self) -> dict[str, Any]:
        """As parameters of a response."""
        told: dict[str, Any] = {"energy_j": self.energy_j, "energy_kind": self.kind.value, "energy_scope": self.scope}
        return told if self.active_energy_j is None else told | {"active_energy_j": self.active_energy_j}


def promised_share(served: ServedMode, exit_index: IntArray) -> EnergyShare:
    """What the bundle promises for images that left at these exits, on the board it was compiled for."""
    promise = served.promise
    energy_j = sum(served.promised_j[index] for index in exit_index.tolist())
    return EnergyShare(
        energy_j,
        None,
        promise.kind,
        f"{promise.hardware}; back to back at the mode's own clocks, as the bundle promises",
    )
