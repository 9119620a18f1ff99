"""Rows of the inner problem: which pairs of level and mask can matter at all, and those that were found to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray

from .inner_counts import LevelCounts
from .inner_grid import Grid


@dataclass(frozen=True, slots=True)
class Found:
    """Designs with their objectives; all arrays are (designs,)."""

    level: IntArray
    mask: IntArray
    point: IntArray
    right: IntArray  # samples answered correctly
    energy_j: FloatArray
    latency_s: FloatArray

    def where(self, chosen: BoolArray | IntArray) -> Found:
        """Some of them, or all in another order."""
        return Found(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def at_points(self, point: IntArray) -> Found:
        """The same with operating points renumbered."""
        return replace(self, point=point[self.point])

    @classmethod
    def concatenated(cls, parts: Sequence[Found]) -> Found:
        """All of `parts`, one after the other."""
        if not parts:
            nothing = np.zeros(0, dtype=np.int64)
            return cls(nothing, nothing, nothing, nothing, np.zeros(0), np.zeros(0))
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )


def rows_worth_a_look(grid: Grid, counts: LevelCounts) -> IntArray:
    """Indices into `grid.masks` of the rows of one level that can be on a front.

    Left out are rows that are not accurate enough; rows none of whose exits takes other samples than at the level
    before; and rows with an exit that takes nobody. Such an exit changes no answer and costs its head, so the mask
    without it is at least as good at every operating point, and the grid holds that mask as well.
    """
    needed = grid.limits.min_accuracy
    useful = grid.masks & counts.changed != 0
    if counts.level == 0:
        useful[:] = True
    if needed is not None:
        useful &= counts.right / grid.samples >= needed
    if grid.work_is_never_free:
        places = grid.layout.sets.places(grid.masks)
        after = counts.passing[next(places)]
        for candidate, place in enumerate(places):
            before, after = after, counts.passing[place]
            useful &= (grid.masks & (1 << candidate) == 0) | (before > after)
    return np.flatnonzero(useful)
