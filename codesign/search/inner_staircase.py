"""Exact accuracy-energy-latency front: rows in order of falling accuracy, against the staircase of what went before.

A design is beaten by one at least as accurate that needs no more energy and no more time. Taking the rows from the most
accurate down, all that went before is at least as accurate, so only its staircase in energy and latency matters. A
whole row falls where its lower corner (least energy, least latency over all operating points) is covered already.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .inner_columns import stop_and_pass_counts
from .inner_counts import LevelCounts
from .inner_grid import CHUNK_ENTRIES, Grid
from .inner_rows import Found, rows_worth_a_look
from .inner_screen import row_screen
from .pareto import Staircase, nondominated_3d

FIRST_ENTRIES = 1 << 12  # chunks double: the first, screened by nothing, must be small


def three_objective_front(grid: Grid, levels: Iterable[LevelCounts]) -> Found:
    """The designs of the accuracy-energy-latency front, most accurate first; empty where the limits leave nothing.

    Of designs equal in all three objectives the one of lowest (level, mask, point) is returned.
    """
    tables, level_of, row_of, right_of = [], [], [], []
    for counts in levels:
        rows = rows_worth_a_look(grid, counts)
        tables.append(counts.passing)
        level_of.append(np.full(rows.size, counts.level))
        row_of.append(rows)
        right_of.append(counts.right[rows])
    level, row, right = np.concatenate(level_of), np.concatenate(row_of), np.concatenate(right_of)
    passing = np.concatenate(tables)
    most_accurate_first = np.lexsort((row, level, -right))

    lowest_energy_j, lowest_latency_s = grid.energy_prices_j.min(axis=1), grid.latency_prices_s.min(axis=1)
    screen = row_screen(grid)
    stair = Staircase.empty()
    found: list[Found] = []
    start, entries = 0, FIRST_ENTRIES
    while start < most_accurate_first.size:
        some = most_accurate_first[start : start + max(1, entries // grid.point.size)]
        start, entries = start + some.size, min(2 * entries, CHUNK_ENTRIES)
        table = _table(grid, passing, level[some], row[some])
        corner_j = lowest_energy_j @ table / grid.samples + grid.energy_constant_j.min()
        corner_s = lowest_latency_s @ table / grid.samples
        open_rows = ~stair.covers(corner_j - 1e-12 * np.abs(corner_j), corner_s * (1 - 1e-12))
        if not open_rows.any():
            continue
        some, table = some[open_rows], table[:, open_rows]
        if screen is not None:
            open_rows = screen.open_rows(stair, table)
            some, table = some[open_rows], table[:, open_rows]
        costs = grid.costs(table, grid.masks[row[some]])
        which, point = np.nonzero(np.isfinite(costs.energy_j) & ~stair.covers(costs.energy_j, costs.latency_s))
        survivors = Found(
            level=level[some[which]],
            mask=grid.masks[row[some[which]]],
            point=point,
            right=right[some[which]],
            energy_j=costs.energy_j[which, point],
            latency_s=costs.latency_s[which, point],
        )
        survivors = survivors.where(_front_indices(survivors))
        found.append(survivors)
        stair = stair.extended(survivors.energy_j, survivors.latency_s)
    everything = Found.concatenated(found)
    return everything.where(_front_indices(everything)).at_points(grid.point)


def _table(grid: Grid, passing: IntArray, level: IntArray, row: IntArray) -> FloatArray:
    """Stop and pass counts (prices, rows); `passing` holds one table per level, one after the other."""
    offsets = level * grid.layout.sets.size
    return stop_and_pass_counts(grid.layout, passing, grid.masks[row], offsets)


def _front_indices(designs: Found) -> IntArray:
    return nondominated_3d(-designs.right.astype(np.float64), designs.energy_j, designs.latency_s)
