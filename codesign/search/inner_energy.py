"""Exact accuracy-energy front: accuracy is a count of samples, so the least energy per count is all there is to know.

Most rows are never priced at every operating point. A row (threshold level and mask) cannot matter if a lower bound on
its energy is above what some row at least as accurate has been shown to need. Two bounds are used, the cheap one first:
each price at its lowest over all operating points; then all points, in single precision, less what rounding can do.
What is left is priced in double precision with every limit applied, so the bounds decide only what is skipped.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .inner_columns import stop_and_pass_counts
from .inner_counts import LevelCounts
from .inner_grid import Grid, chunks
from .inner_rows import Found, rows_worth_a_look
from .pareto import nondominated_2d

FEW_POINTS = 96  # with fewer, double precision at once is as fast as screening in single precision


class _LeastEnergy:
    """Least energy shown so far for each count of right answers, and the rows that showed it."""

    def __init__(self, samples: int) -> None:
        self.at_least_j = np.full(samples + 1, np.inf)  # for this many right answers or more; falls with fewer
        self.found: list[Found] = []

    def add(self, found: Found) -> None:
        """Take in priced rows; those already beaten are forgotten."""
        found = found.where(found.energy_j <= self.at_least_j[found.right])
        found = found.where(np.isfinite(found.energy_j))
        if found.right.size:
            self.found.append(found)
            np.minimum.at(self.at_least_j, found.right, found.energy_j)
            self.at_least_j = np.minimum.accumulate(self.at_least_j[::-1])[::-1]


def energy_front(grid: Grid, levels: Iterable[LevelCounts]) -> Found:
    """The rows and points of the accuracy-energy front, most accurate first; empty where the limits leave nothing.

    Of designs equal in both objectives the one of lowest (level, mask, point) is returned.
    """
    least = _LeastEnergy(grid.samples)
    lowest_prices_j = grid.energy_prices_j.min(axis=1)
    screen = None if grid.point.size <= FEW_POINTS else _SinglePrecision(grid)
    for counts in levels:
        rows = rows_worth_a_look(grid, counts)
        table = stop_and_pass_counts(grid.layout, counts.passing, grid.masks[rows])
        right = counts.right[rows]
        bound_j = lowest_prices_j @ table / grid.samples + grid.energy_constant_j.min()
        bound_j -= 1e-12 * np.abs(bound_j)

        price = _RowPricing(grid, counts.level, grid.masks[rows], table, right, least)
        least_bound_j = np.full(grid.samples + 1, np.inf)
        np.minimum.at(least_bound_j, right, bound_j)
        promising = np.flatnonzero(bound_j <= np.minimum.accumulate(least_bound_j[::-1])[::-1][right])
        for some in chunks(promising, grid.point.size):
            price(some)
        pending = np.ones(rows.size, dtype=np.bool_)
        pending[promising] = False
        pending &= bound_j <= least.at_least_j[right]
        rest = np.flatnonzero(pending)
        for some in chunks(rest[np.argsort(bound_j[rest], kind="stable")], grid.point.size):
            still = some[bound_j[some] <= least.at_least_j[right[some]]]
            if screen is not None and still.size:
                still = still[screen.bound_j(table[:, still]) <= least.at_least_j[right[still]]]
            if still.size:
                price(still)
    return _front(grid, least)


def _front(grid: Grid, least: _LeastEnergy) -> Found:
    everything = Found.concatenated(least.found)
    everything = everything.where(everything.energy_j <= least.at_least_j[everything.right])
    order = np.lexsort((everything.point, everything.mask, everything.level))
    everything = everything.where(order)
    front = everything.where(nondominated_2d(-everything.right.astype(np.float64), everything.energy_j))
    return front.at_points(grid.point)


class _RowPricing:
    """Prices rows of one level exactly and notes the cheapest allowed operating point of each."""

    def __init__(
        self, grid: Grid, level: int, masks: IntArray, table: FloatArray, right: IntArray, least: _LeastEnergy
    ) -> None:
        self._grid, self._level, self._masks, self._table = grid, level, masks, table
        self._right, self._least = right, least

    def __call__(self, rows: IntArray) -> None:
        costs = self._grid.costs(self._table[:, rows], self._masks[rows])
        cheapest = costs.energy_j.argmin(axis=1)
        at = (np.arange(rows.size), cheapest)
        self._least.add(
            Found(
                level=np.full(rows.size, self._level),
                mask=self._masks[rows],
                point=cheapest,
                right=self._right[rows],
                energy_j=costs.energy_j[at],
                latency_s=costs.latency_s[at],
            )
        )


class _SinglePrecision:
    """A lower bound on each row's least energy: all operating points, in float32, less the rounding error."""

    def __init__(self, grid: Grid) -> None:
        self._prices_j = grid.energy_prices_j.astype(np.float32)
        self._constant_j = grid.energy_constant_j.astype(np.float32)
        self._has_constant = bool(self._constant_j.any())
        self._samples = grid.samples
        self._largest_j = np.abs(grid.energy_prices_j).max(axis=1)
        self._largest_constant_j = float(np.abs(grid.energy_constant_j).max())
        # A sum of k products errs by at most about k units of rounding times the sum of magnitudes, in any order; five
        # more cover rounding the prices, scaling, and adding the constant. Doubled, to be far from the edge.
        self._relative_error = 2 * (len(self._prices_j) + 5) * float(np.finfo(np.float32).eps)

    def bound_j(self, counts: FloatArray) -> FloatArray:
        """(rows,) for counts (prices, rows)."""
        single = np.ascontiguousarray(counts.T, dtype=np.float32) @ self._prices_j
        if self._has_constant:
            single /= np.float32(self._samples)
            single += self._constant_j
            least_j = single.min(axis=1).astype(np.float64)
        else:
            least_j = single.min(axis=1).astype(np.float64) / self._samples
        magnitude_j = self._largest_j @ counts / self._samples + self._largest_constant_j
        bound_j: FloatArray = least_j - self._relative_error * magnitude_j
        return bound_j
