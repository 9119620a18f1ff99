"""What one mode's stages cost at one operating point: a row of what a governor may choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import BundleError
from .operating_point import OperatingPoint


@dataclass(frozen=True, slots=True)
class ClockCosts:
    """What each stage adds when it runs at these clocks, and what waiting at them draws."""

    operating_point: OperatingPoint
    stage_latency_s: tuple[float, ...]
    stage_energy_j: tuple[float, ...]
    idle_w: float

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "operating_point": self.operating_point.to_json(),
            "stage_latency_s": list(self.stage_latency_s),
            "stage_energy_j": list(self.stage_energy_j),
            "idle_w": self.idle_w,
        }

    @classmethod
    def from_json(cls, table: dict[str, Any], where: str) -> ClockCosts:
        """Read what `to_json` wrote. Raises BundleError on a missing or unreadable key, or lists that disagree."""
        try:
            found = cls(
                operating_point=OperatingPoint.from_json(table["operating_point"]),
                stage_latency_s=tuple(float(v) for v in table["stage_latency_s"]),
                stage_energy_j=tuple(float(v) for v in table["stage_energy_j"]),
                idle_w=float(table["idle_w"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(
                f"costs at other clocks cannot be read: {error!r}", where=where, to_do="compile again"
            ) from error
        if len(found.stage_latency_s) != len(found.stage_energy_j):
            raise BundleError(
                f"costs at {found.operating_point} have {len(found.stage_latency_s)} latencies"
                f" and {len(found.stage_energy_j)} energies",
                where=where,
                to_do="compile again",
            )
        return found
