"""The inner engine: exits, thresholds and clocks of one chain chosen together, exactly, over the declared grid.

The grid is every mask over the early candidates (of at most `max_exits` exits) × every row of the threshold table ×
every operating point. The result is the true Pareto front of that grid, not an approximation; between its threshold
levels, `codesign.policy.refine` looks further. HADAS (Bouzidi et al.) samples the same space with NSGA-II.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from codesign.policy.exit_log import ExitLog
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError, InfeasibleError, ShapeError
from runtime.contract.operating_point import OperatingPoint

from .chain_costs import ChainCosts
from .footprint import Footprint
from .inner_columns import layout_of, prices
from .inner_counts import level_counts
from .inner_energy import energy_front
from .inner_front import InnerFront
from .inner_grid import InnerLimits, full_depth_latency_s, grid_of
from .inner_staircase import three_objective_front

EnergyKind = Literal["back_to_back", "served"]
NO_LIMITS = InnerLimits()
TWO_OBJECTIVES = ("accuracy", "energy")
THREE_OBJECTIVES = ("accuracy", "energy", "latency")


def solve_inner(
    log: ExitLog,
    thresholds_nats: FloatArray,
    costs: ChainCosts,
    points: Sequence[OperatingPoint],
    *,
    objectives: tuple[str, ...] = TWO_OBJECTIVES,
    energy: EnergyKind = "back_to_back",
    limits: InnerLimits = NO_LIMITS,
    drop_dominated_points: bool = True,
    footprint: Footprint | None = None,
) -> InnerFront:
    """The exact Pareto front over masks × threshold levels × operating points.

    Args:
        log: c candidates on n samples of the split on which designs are selected.
        thresholds_nats: (levels, c - 1), for instance from `codesign.policy.levels.threshold_levels`.
        costs: of the same c candidates at F operating points.
        points: (F,), what the columns of `costs` stand for.
        objectives: ("accuracy", "energy") or ("accuracy", "energy", "latency"); latency is the expected one.
        energy: "back_to_back", board energy of one inference; or "served", board energy per request at
            `limits.requests_per_s`, the idle time between requests included.
        limits: what every design must keep to.
        drop_dominated_points: leave out operating points that cannot be best for any design. It changes nothing but
            the time; it is an argument so that a test can show so.
        footprint: what the chain takes up; needed where `limits` speak of memory or size.
    Raises:
        ShapeError: log, thresholds, costs and points do not belong together.
        ConfigError: unknown objectives or energy, too many candidates, served energy without a rate.
        InfeasibleError: no design of the grid keeps to the limits.
    """
    if objectives not in (TWO_OBJECTIVES, THREE_OBJECTIVES):
        raise ConfigError(f"unknown objectives {objectives}; use {TWO_OBJECTIVES} or {THREE_OBJECTIVES}")
    if energy not in ("back_to_back", "served"):
        raise ConfigError(f"unknown energy {energy!r}; use back_to_back or served")
    if log.candidates != costs.candidates:
        raise ShapeError(f"the log speaks of {log.candidates} candidates, the costs of {costs.candidates}")
    if len(points) != costs.points or not points:
        raise ShapeError(f"{len(points)} operating points are named, the costs are of {costs.points}")
    latency_too = objectives == THREE_OBJECTIVES
    grid = grid_of(
        costs,
        log.samples,
        limits,
        served=energy == "served",
        latency_is_an_objective=latency_too,
        drop_dominated_points=drop_dominated_points,
        footprint=footprint,
    )
    levels = level_counts(log, thresholds_nats, grid.masks, grid.layout.sets)
    found = three_objective_front(grid, levels) if latency_too else energy_front(grid, levels)
    if found.right.size == 0:
        raise InfeasibleError(
            f"no choice of exits, thresholds and clocks keeps to the limits: {limits}",
            to_do="relax a limit, or lower the request rate",
        )
    layout = layout_of(costs.backbone)
    latency_prices_s = prices(layout, costs, "latency_s")
    deepest = full_depth_latency_s(layout, latency_prices_s, found.mask)
    return InnerFront(
        level=found.level,
        mask=found.mask,
        point=found.point,
        accuracy=found.right / log.samples,
        energy_j=found.energy_j,
        latency_s=found.latency_s,
        worst_latency_s=deepest[np.arange(found.mask.size), found.point],
        points=tuple(points),
    )
