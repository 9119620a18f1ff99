"""What the cost model promised for each stage of a mode, so that a board can tell when reality differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .clock_costs import ClockCosts
from .errors import BundleError
from .kind import Kind


@dataclass(frozen=True, slots=True)
class Promise:
    """One mode's row of `predictor.json`, at that mode's clocks: what each stage adds when it runs."""

    stage_latency_s: tuple[float, ...]
    stage_energy_j: tuple[float, ...]
    idle_w: float
    kind: Kind
    hardware: str
    at_other_clocks: tuple[ClockCosts, ...] = ()  # what a governor may switch to, by the same cost model

    def energy_j(self, exit_index: int) -> float:
        """Promised back-to-back energy of one image that leaves at `exit_index`."""
        return sum(self.stage_energy_j[: exit_index + 1])

    def latency_s(self, exit_index: int) -> float:
        """Promised latency of one image that leaves at `exit_index`."""
        return sum(self.stage_latency_s[: exit_index + 1])

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "stage_latency_s": list(self.stage_latency_s),
            "stage_energy_j": list(self.stage_energy_j),
            "idle_w": self.idle_w,
            "kind": self.kind.value,
            "hardware": self.hardware,
            "at_other_clocks": [costs.to_json() for costs in self.at_other_clocks],
        }

    @classmethod
    def from_json(cls, table: dict[str, Any], where: str) -> Promise:
        """Read what `to_json` wrote. Raises BundleError on a missing or unreadable key."""
        try:
            return cls(
                stage_latency_s=tuple(float(v) for v in table["stage_latency_s"]),
                stage_energy_j=tuple(float(v) for v in table["stage_energy_j"]),
                idle_w=float(table["idle_w"]),
                kind=Kind(table["kind"]),
                hardware=str(table["hardware"]),
                at_other_clocks=tuple(
                    ClockCosts.from_json(row, where) for row in table.get("at_other_clocks", [])
                ),  # bundles of earlier versions have none
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"a promise cannot be read: {error!r}", where=where, to_do="compile again") from error
