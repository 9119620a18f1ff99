"""Which rows a staircase covers at every operating point, told in single precision by table look-up, never wrongly.

Where hardly any operating point dominates another, nearly all the time goes into pricing rows at all points and
searching the staircase for each. In single precision, with costs rounded down, and with the staircase read off at the
left edge of an even bucket, a design that seems covered is covered; a row of such designs alone need not be priced.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray

from .inner_energy import FEW_POINTS
from .inner_grid import Grid
from .pareto import Staircase

BUCKETS = 1 << 13


class RowScreen:
    """Says which rows are worth pricing, for one grid whose prices are all at least zero."""

    def __init__(self, grid: Grid) -> None:
        # A sum of k products errs by at most about k units of rounding times the sum, since no term is negative; five
        # more cover rounding the prices, scaling, and adding the constant. Doubled, to be far from the edge.
        low = 1.0 - 2 * (len(grid.energy_prices_j) + 5) * float(np.finfo(np.float32).eps)
        self._energy_prices_j = (low * grid.energy_prices_j / grid.samples).astype(np.float32)
        self._constant_j = (low * grid.energy_constant_j).astype(np.float32)
        self._has_constant = bool(self._constant_j.any())
        self._latency_prices_s = (low * grid.latency_prices_s / grid.samples).astype(np.float32)

    def open_rows(self, stair: Staircase, counts: FloatArray) -> BoolArray:
        """Rows of counts (prices, rows) that some point may lift over the staircase, (rows,)."""
        if stair.first.size < 2:
            return np.ones(counts.shape[1], dtype=np.bool_)
        single = np.ascontiguousarray(counts.T, dtype=np.float32)
        energy_j = single @ self._energy_prices_j
        if self._has_constant:
            energy_j += self._constant_j
        latency_s = single @ self._latency_prices_s
        lowest_j, highest_j = float(stair.first[0]), float(stair.first[-1])
        width_j = (highest_j - lowest_j) / BUCKETS
        edges_j = lowest_j + width_j * np.arange(BUCKETS + 1)
        edges_j[-1] = highest_j
        step = np.searchsorted(stair.first, edges_j, side="right")
        # Bucket k is read at the left edge of bucket k - 1: placing an energy in single precision may err by one.
        at_least_s = np.full(BUCKETS + 3, np.inf, dtype=np.float32)
        at_least_s[2:] = np.nextafter(stair.second[step - 1].astype(np.float32), np.float32(np.inf))
        energy_j -= np.float32(lowest_j)
        energy_j *= np.float32(1.0 / width_j)
        np.clip(energy_j, -1.0, BUCKETS + 1.0, out=energy_j)
        energy_j += np.float32(1.0)
        covered_from_s = at_least_s[energy_j.astype(np.int32)]
        return np.asarray((latency_s < covered_from_s).any(axis=1))


def row_screen(grid: Grid) -> RowScreen | None:
    """A screen where it pays and holds; None on few points, or where a price may be below zero."""
    negative = (grid.energy_prices_j < 0).any() or (grid.latency_prices_s < 0).any()
    return None if grid.point.size <= FEW_POINTS or negative else RowScreen(grid)
