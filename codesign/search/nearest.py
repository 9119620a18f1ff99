"""The best value of one figure among all designs of a chain that keep to the limits: every design is looked at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import InfeasibleError

from .chain_solver import ChainSolver
from .constraints import Constraint
from .inner_columns import stop_and_pass_counts
from .inner_counts import level_counts
from .inner_grid import Grid, chunks, grid_of
from .inner_rows import rows_worth_a_look
from .ledger import Chain


def nearest_value(solver: ChainSolver, chain: Chain, constraint: Constraint) -> float | None:
    """The least value (for a floor, the greatest) of a constraint's figure; None where no design keeps to the limits.

    The solver's limits should not hold the constraint itself.
    """
    log, costs = solver.log(chain), solver.pricing.exited(chain)
    try:
        grid = grid_of(
            costs,
            log.samples,
            solver.limits,
            served=solver.energy == "served",
            latency_is_an_objective=True,
            drop_dominated_points=constraint.figure != "images_per_s",  # which weighs overhead in a way of its own
            footprint=solver.footprint(chain),
        )
    except InfeasibleError:
        return None
    sign, best = (-1.0 if constraint.at_least else 1.0), np.inf
    for counts in level_counts(log, solver.thresholds(chain), grid.masks, grid.layout.sets):
        for rows in chunks(rows_worth_a_look(grid, counts), grid.point.size):
            masks = grid.masks[rows]
            table = stop_and_pass_counts(grid.layout, counts.passing, masks)
            allowed = np.isfinite(grid.costs(table, masks).energy_j)
            right = counts.right[rows]
            values = _values(solver, chain, grid, constraint, table, masks, right)
            best = min(best, float(np.where(allowed, sign * values, np.inf).min(initial=np.inf)))
    return sign * best if np.isfinite(best) else None


def _values(
    solver: ChainSolver,
    chain: Chain,
    grid: Grid,
    constraint: Constraint,
    table: FloatArray,
    masks: IntArray,
    right: IntArray,
) -> FloatArray:
    """The figure of each row, (rows, F) or (rows, 1)."""
    latency_s: FloatArray = table.T @ grid.latency_prices_s / grid.samples
    if constraint.figure in ("memory_bytes", "size_bytes"):
        footprint, backbone = solver.counted(chain), solver.pricing.exited(chain).backbone
        if constraint.figure == "memory_bytes":
            return footprint.memory_bytes(backbone, masks, solver.limits.batch)[:, None]
        return footprint.file_bytes(backbone, masks)[:, None]
    found: dict[str, Callable[[], FloatArray]] = {
        "accuracy": lambda: right[:, None] / grid.samples,
        "latency_s": lambda: latency_s,
        "p99_latency_s": lambda: grid.p99_latency_s(table),
        "worst_latency_s": lambda: grid.worst_latency_s(masks),
        "energy_j": lambda: grid.energies(table),
        "images_per_s": lambda: grid.images_per_s(table, latency_s),
    }
    return found[constraint.figure]()
