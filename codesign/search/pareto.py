"""Which points no other point beats: exact filters for two and three objectives, all of them to be minimised."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ShapeError

FIRST_BLOCK = 256  # blocks double from here, so early ones are screened by little and late ones by much
LARGEST_BLOCK = 1 << 18
PIVOTS = 8


def nondominated_2d(first: FloatArray, second: FloatArray) -> IntArray:
    """Indices of the Pareto front, by rising `first`. Of equal points the one that comes first is kept.

    Args:
        first, second: (points,), both to be minimised.
    Raises:
        ShapeError: the two are not one-dimensional and of equal length.
    """
    _check_columns(first, second)
    candidates = _not_beaten_by_pivots(first, second)
    order = candidates[np.lexsort((second[candidates], first[candidates]))]  # stable: equal points stay in their order
    best_before = np.concatenate([[np.inf], np.minimum.accumulate(second[order])[:-1]])
    front: IntArray = order[second[order] < best_before]
    return front


def nondominated_3d(first: FloatArray, second: FloatArray, third: FloatArray) -> IntArray:
    """Indices of the Pareto front, by rising (first, second, third). Of equal points the first one is kept.

    Points are taken in lexicographic order, so that only those before can dominate those after. Blocks of them are
    first held against the staircase (second, third) of all that went before, which is a binary search per point; what
    is left of a block is settled among itself by a merge.

    Args:
        first, second, third: (points,), all to be minimised; any mixture of ties and duplicates.
    Raises:
        ShapeError: the three are not one-dimensional and of equal length.
    """
    _check_columns(first, second, third)
    candidates = _not_beaten_by_pivots(first, second, third)
    order = candidates[np.lexsort((third[candidates], second[candidates], first[candidates]))]
    stair = Staircase.empty()
    kept: list[IntArray] = []
    start, size = 0, FIRST_BLOCK
    while start < order.size:
        block = order[start : start + size]
        start, size = start + size, min(2 * size, LARGEST_BLOCK)
        block = block[~stair.covers(second[block], third[block])]
        block = block[_first_among_later(second[block], third[block])]
        if block.size:
            kept.append(block)
            stair = stair.extended(second[block], third[block])
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)


class Staircase:
    """The lower left border of what has been reached in a plane of two objectives, both to be minimised."""

    __slots__ = ("first", "second")

    def __init__(self, first: FloatArray, second: FloatArray) -> None:
        """`first` (steps,) strictly rising, `second` (steps,) strictly falling."""
        self.first, self.second = first, second

    @classmethod
    def empty(cls) -> Staircase:
        """Nothing reached yet."""
        return cls(np.zeros(0), np.zeros(0))

    def covers(self, first: FloatArray, second: FloatArray) -> BoolArray:
        """Whether some step is at most as large in both objectives; inputs of any equal shape, output the same."""
        if self.first.size == 0:
            return np.zeros(first.shape, dtype=np.bool_)
        step = np.searchsorted(self.first, first, side="right")
        reached = np.concatenate([[np.inf], self.second])[step]
        covered: BoolArray = (reached <= second) & (step > 0)
        return covered

    def extended(self, first: FloatArray, second: FloatArray) -> Staircase:
        """With more points (points,) reached."""
        all_first = np.concatenate([self.first, first])
        all_second = np.concatenate([self.second, second])
        front = nondominated_2d(all_first, all_second)
        return Staircase(all_first[front], all_second[front])


def dominated_by(points: FloatArray, others: FloatArray) -> BoolArray:
    """Which of `points` (n, objectives) some point of `others` (k, objectives) dominates, (n,); all minimised.

    Raises:
        ShapeError: not two tables with the same number of objectives.
    """
    if points.ndim != 2 or others.ndim != 2 or points.shape[1] != others.shape[1]:
        raise ShapeError(f"two tables (points, objectives) are needed, got shapes {points.shape} and {others.shape}")
    dominated = np.zeros(len(points), dtype=np.bool_)
    chunk = max(1, (1 << 22) // max(1, others.size))
    for start in range(0, len(points), chunk):
        some = points[start : start + chunk, None, :]
        no_worse, better = np.all(others <= some, axis=2), np.any(others < some, axis=2)
        dominated[start : start + chunk] = np.any(no_worse & better, axis=1)
    return dominated


def ratio_of_dominance(ours: FloatArray, theirs: FloatArray) -> float:
    """Share of `theirs` (k, objectives) that some point of `ours` (n, objectives) dominates; all minimised.

    Not symmetric: report it both ways. Raises ShapeError as `dominated_by` does, and where `theirs` is empty.
    """
    if len(theirs) == 0:
        raise ShapeError("the share of an empty front that is dominated is not defined")
    return float(dominated_by(theirs, ours).mean())


def hypervolume(points: FloatArray, reference: FloatArray) -> float:
    """Volume that `points` (n, objectives) dominate up to `reference` (objectives,); all minimised.

    Exact: own sum over the staircase for two objectives, pymoo's indicator for more. Points that do not beat the
    reference in every objective add nothing.

    Raises:
        ShapeError: the reference has another number of objectives than the points.
    """
    if points.ndim != 2 or reference.shape != (points.shape[1],):
        raise ShapeError(f"points {points.shape} and reference {reference.shape} must have the same objectives")
    inside = points[(points < reference).all(axis=1)]
    if len(inside) == 0:
        return 0.0
    if inside.shape[1] == 2:
        front = inside[nondominated_2d(inside[:, 0], inside[:, 1])]
        ceiling = np.concatenate([[reference[1]], front[:-1, 1]])
        return float(((reference[0] - front[:, 0]) * (ceiling - front[:, 1])).sum())
    from pymoo.indicators.hv import Hypervolume  # imported here: nothing else in this file needs it

    return float(Hypervolume(ref_point=reference)(inside))


def _check_columns(*columns: FloatArray) -> None:
    if any(column.ndim != 1 or column.shape != columns[0].shape for column in columns):
        raise ShapeError(f"objectives must be one-dimensional and of equal length, got {[c.shape for c in columns]}")
    if not all(np.isfinite(column).all() for column in columns):
        raise ShapeError("an objective is not finite", to_do="leave out infeasible points before filtering")


def _not_beaten_by_pivots(*columns: FloatArray) -> IntArray:
    """Drop what a few well-balanced points dominate strictly everywhere: sorting is what costs on large inputs."""
    alive = np.arange(columns[0].size)
    for _ in range(PIVOTS):
        if alive.size <= LARGEST_BLOCK >> 4:
            break
        lows = [column[alive].min() for column in columns]
        spreads = [max(float(np.ptp(column[alive])), np.finfo(np.float64).tiny) for column in columns]
        score = sum((column[alive] - low) / spread for column, low, spread in zip(columns, lows, spreads, strict=True))
        pivot = alive[int(np.argmin(score))]
        beaten = np.logical_and.reduce([column[alive] > column[pivot] for column in columns])
        if not beaten.any():
            break
        alive = alive[~beaten]
    return alive


def _first_among_later(second: FloatArray, third: FloatArray) -> BoolArray:
    """Which points have no earlier point that is at most as large in both columns, (points,).

    Bottom-up merge: at each width the left half of a pair of runs is held against the right half. Sorted by `second`
    within a pair, with left before right on ties, the running minimum of the left half's `third` answers for all.
    """
    count = second.size
    first_of_all = np.ones(count, dtype=np.bool_)
    by_second = np.argsort(second, kind="stable")
    rank = np.searchsorted(np.sort(third), third, side="left")  # equal values get equal ranks
    width = 1
    while width < count:
        pair = by_second // (2 * width)
        order = by_second[np.argsort(pair, kind="stable")]  # by pair, then by `second`, then by position
        pair = order // (2 * width)
        is_left = (order // width) % 2 == 0
        # Later pairs get lower keys than all earlier ones, so one running minimum serves every pair.
        key = np.where(is_left, rank[order], count) - pair * (count + 1)
        smallest_left = np.minimum.accumulate(key) + pair * (count + 1)
        first_of_all[order[~is_left & (smallest_left <= rank[order])]] = False
        width *= 2
    return first_of_all
