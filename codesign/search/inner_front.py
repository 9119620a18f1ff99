"""What the exact solver returns: the Pareto front of one chain over exits, threshold levels and operating points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import InfeasibleError
from runtime.contract.operating_point import OperatingPoint


@dataclass(frozen=True, slots=True)
class InnerDesign:
    """One choice of exits, thresholds and clocks, with its expected figures on the log it was solved on."""

    level: int
    mask: int
    point: int
    operating_point: OperatingPoint
    accuracy: float
    energy_j: float
    latency_s: float
    worst_latency_s: float


@dataclass(frozen=True, slots=True)
class InnerFront:
    """Designs that no other design of the grid beats, most accurate first, then by energy, then by latency.

    All arrays are (designs,). `energy_j` is the energy that was asked for, back to back or served.
    """

    level: IntArray  # row of the threshold table
    mask: IntArray  # bit i: early candidate i carries an exit
    point: IntArray  # index into `points`
    accuracy: FloatArray
    energy_j: FloatArray
    latency_s: FloatArray  # expected, back to back
    worst_latency_s: FloatArray  # of a sample that runs through all stages
    points: tuple[OperatingPoint, ...]

    def __len__(self) -> int:
        return int(self.level.size)

    def design(self, index: int) -> InnerDesign:
        """One row of the front."""
        return InnerDesign(
            level=int(self.level[index]),
            mask=int(self.mask[index]),
            point=int(self.point[index]),
            operating_point=self.points[int(self.point[index])],
            accuracy=float(self.accuracy[index]),
            energy_j=float(self.energy_j[index]),
            latency_s=float(self.latency_s[index]),
            worst_latency_s=float(self.worst_latency_s[index]),
        )


def cheapest_design(front: InnerFront, min_accuracy: float) -> InnerDesign:
    """The design of least energy that is at least so accurate; exact, since the front holds it for every bound.

    Raises:
        InfeasibleError: nothing on the front is that accurate.
    """
    allowed = np.flatnonzero(front.accuracy >= min_accuracy)
    if allowed.size == 0:
        best = float(front.accuracy.max()) if len(front) else float("nan")
        raise InfeasibleError(
            f"no design reaches accuracy {min_accuracy:.4f}; the best one has {best:.4f}",
            to_do="lower the bound, offer more exits, or add a larger backbone to the chain",
        )
    return front.design(int(allowed[np.argmin(front.energy_j[allowed])]))
