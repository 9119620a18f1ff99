"""How good a front is beside another: distance (IGD+), coverage, and how soon a search came near.

Hypervolume and the ratio of dominance stand in `pareto.py`. All objectives are minimised.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ShapeError


def igd_plus(points: FloatArray, front: FloatArray) -> float:
    """Mean over `front` (k, objectives) of how far the nearest of `points` (n, objectives) falls short of it.

    Only objectives in which a point is worse count (IGD+, Ishibuchi et al., EMO 2015), as pymoo has it. Scale the
    objectives to a common range first: distances add them up. 0 where the points cover the front.

    Raises:
        ShapeError: not two tables with the same number of objectives, or one is empty.
    """
    _check(points, front)
    from pymoo.indicators.igd_plus import IGDPlus  # imported here: nothing else in this file needs it

    return float(IGDPlus(front)(points))


def coverage(ours: FloatArray, theirs: FloatArray) -> float:
    """Share of `theirs` (k, objectives) that some point of `ours` (n, objectives) equals or dominates.

    Zitzler and Thiele's C (1999); not symmetric. Raises ShapeError as `igd_plus` does.
    """
    _check(ours, theirs)
    return float(np.array([(ours <= one).all(axis=1).any() for one in theirs]).mean())


def evaluations_to(volumes: FloatArray, target: float) -> int | None:
    """How many evaluations until the hypervolume, (evaluations,) after each, first reaches the target; None: never."""
    reached = np.flatnonzero(volumes >= target)
    return int(reached[0]) + 1 if len(reached) else None


def _check(points: FloatArray, others: FloatArray) -> None:
    if points.ndim != 2 or others.ndim != 2 or points.shape[1] != others.shape[1]:
        raise ShapeError(f"two tables (points, objectives) are needed, got shapes {points.shape} and {others.shape}")
    if not len(points) or not len(others):
        raise ShapeError("an empty front cannot be compared", to_do="leave out searches that found nothing")
