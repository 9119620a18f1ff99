"""Designs that a HADAS engine reports, judged by the policy that a device can follow, the oracle left aside."""

from __future__ import annotations

import numpy as np

from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import Grid, full_depth_latency_s, grid_of
from codesign.search.pareto import nondominated_3d
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import InfeasibleError

from .dynamics import Designs, Dynamics


def dynamics_of(record: BackboneRecord, solver: ChainSolver) -> Dynamics:
    """A backbone with the thresholds that the house's solver dials through."""
    return Dynamics(record, solver.pricing, solver.thresholds((record,)))


def at_every_level(designs: Designs, levels: int) -> Designs:
    """Each choice of exits and clocks with each level of the dial: HADAS leaves the policy open."""
    unique = np.unique(np.stack([designs.mask, designs.point]), axis=1)
    return Designs(
        np.tile(unique[0], levels), np.tile(unique[1], levels), np.repeat(np.arange(levels), unique.shape[1])
    )


def judged_front(
    record: BackboneRecord, dynamics: Dynamics, designs: Designs, solver: ChainSolver
) -> InnerFront | None:
    """Of designs of one backbone those that keep to the solver's limits and that no other beats; None where none does.

    Costs, limits and the kind of energy are the exact solver's, under the real policy on `select`.
    """
    try:
        grid = grid_of(
            solver.pricing.exited((record,)),
            dynamics.samples,
            solver.limits,
            served=solver.energy == "served",
            latency_is_an_objective=True,
            drop_dominated_points=False,
            footprint=solver.footprint((record,)),
        )
    except InfeasibleError:
        return None
    offered = np.isin(designs.mask, grid.masks) & np.isin(designs.point, grid.point)
    designs = designs.where(offered)
    accuracy, energy_j, latency_s = _judged(dynamics, designs, grid)
    allowed = np.isfinite(energy_j)
    if solver.limits.min_accuracy is not None:
        allowed &= accuracy >= solver.limits.min_accuracy
    if not allowed.any():
        return None
    designs, accuracy, energy_j, latency_s = (
        designs.where(allowed),
        accuracy[allowed],
        energy_j[allowed],
        latency_s[allowed],
    )
    front = nondominated_3d(-accuracy, energy_j, latency_s)
    designs = designs.where(front)
    deepest_s = full_depth_latency_s(grid.layout, grid.latency_prices_s, designs.mask)
    return InnerFront(
        level=designs.level,
        mask=designs.mask,
        point=designs.point,
        accuracy=accuracy[front],
        energy_j=energy_j[front],
        latency_s=latency_s[front],
        worst_latency_s=deepest_s[np.arange(front.size), np.searchsorted(grid.point, designs.point)],
        points=solver.pricing.points,
    )


def _judged(dynamics: Dynamics, designs: Designs, grid: Grid) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Accuracy, energy (infinite where a limit forbids the design) and latency, all (designs,)."""
    accuracy, energy_j, latency_s = (np.zeros(len(designs)) for _ in range(3))
    for level in np.unique(designs.level).tolist():
        at = np.flatnonzero(designs.level == level)
        masks, row = np.unique(designs.mask[at], return_inverse=True)
        counts, right = dynamics.real_counts(masks, level)
        costs, column = grid.costs(counts, masks), np.searchsorted(grid.point, designs.point[at])
        accuracy[at] = right[row] / dynamics.samples
        energy_j[at], latency_s[at] = costs.energy_j[row, column], costs.latency_s[row, column]
    return accuracy, energy_j, latency_s
