"""The declared grid of one inner problem, prepared: masks, undominated operating points, prices, and the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ConfigError, InfeasibleError

from .chain_costs import ChainCosts
from .inner_columns import Layout, layout_of, prices, stop_and_pass_counts, undominated_points
from .inner_counts import masks_up_to

CHUNK_ENTRIES = 1 << 19


@dataclass(frozen=True, slots=True)
class InnerLimits:
    """What a design must keep to; None where nothing is asked."""

    max_exits: int | None = None  # early exits
    min_accuracy: float | None = None
    max_worst_latency_s: float | None = None  # of a sample that runs through all stages
    requests_per_s: float | None = None  # mean utilisation at this rate must stay below 1

    def __post_init__(self) -> None:
        for name in ("max_worst_latency_s", "requests_per_s"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"{name} must be above zero, got {value}")
        if self.min_accuracy is not None and not 0 <= self.min_accuracy <= 1:
            raise ConfigError(f"min_accuracy is a share between 0 and 1, got {self.min_accuracy}")


@dataclass(frozen=True, slots=True)
class RowCosts:
    """Costs of some rows (level and mask) at all kept operating points, all (rows, F)."""

    energy_j: FloatArray  # inf where the limits forbid the design
    latency_s: FloatArray


@dataclass(frozen=True, slots=True)
class Grid:
    """An inner problem ready to be solved. Rows are pairs of threshold level and mask."""

    layout: Layout
    masks: IntArray  # (masks,), rising; those that meet the worst-case limit nowhere are left out
    point: IntArray  # (F,), the kept operating points
    energy_prices_j: FloatArray  # (prices, F)
    energy_constant_j: FloatArray  # (F,), idle energy per request where served energy is asked for
    latency_prices_s: FloatArray  # (prices, F)
    limits: InnerLimits
    samples: int
    work_is_never_free: bool  # false only for served energy on a board that draws less when busy than when idle

    @property
    def latency_limits_points(self) -> bool:
        """Whether a design may be forbidden at one operating point and allowed at another."""
        return self.limits.max_worst_latency_s is not None or self.limits.requests_per_s is not None

    def energies(self, counts: FloatArray) -> FloatArray:
        """Expected energy (rows, F) for counts (prices, rows), limits aside."""
        energy_j: FloatArray = counts.T @ self.energy_prices_j / self.samples + self.energy_constant_j
        return energy_j

    def costs(self, counts: FloatArray, masks: IntArray) -> RowCosts:
        """Expected costs for counts (prices, rows) of the masks (rows,), limits applied."""
        energy_j = self.energies(counts)
        latency_s = counts.T @ self.latency_prices_s / self.samples
        if self.latency_limits_points:
            energy_j[~self._allowed(latency_s, masks)] = np.inf
        return RowCosts(energy_j, latency_s)

    def worst_latency_s(self, masks: IntArray) -> FloatArray:
        """Latency (masks, F) of a sample that runs through all stages of each mask."""
        return full_depth_latency_s(self.layout, self.latency_prices_s, masks)

    def _allowed(self, latency_s: FloatArray, masks: IntArray) -> BoolArray:
        allowed = np.ones(latency_s.shape, dtype=np.bool_)
        if self.limits.max_worst_latency_s is not None:
            allowed &= self.worst_latency_s(masks) <= self.limits.max_worst_latency_s
        if self.limits.requests_per_s is not None:
            allowed &= latency_s * self.limits.requests_per_s < 1.0
        return allowed


def full_depth_latency_s(layout: Layout, latency_prices_s: FloatArray, masks: IntArray) -> FloatArray:
    """Latency (masks, F) of a sample that no early exit takes."""
    nobody_leaves = np.ones(1 << (layout.candidates - 1), dtype=np.int32)
    return stop_and_pass_counts(layout, nobody_leaves, masks).T @ latency_prices_s


def grid_of(
    costs: ChainCosts,
    samples: int,
    limits: InnerLimits,
    *,
    served: bool,
    latency_is_an_objective: bool,
    drop_dominated_points: bool = True,
) -> Grid:
    """Prepare an inner problem.

    Raises:
        InfeasibleError: no mask meets the worst-case latency at any operating point.
        ConfigError: served energy without a request rate, or more candidates than the solver takes.
    """
    layout = layout_of(costs.backbone)
    masks = masks_up_to(costs.candidates - 1, limits.max_exits)
    energy = prices(layout, costs, "energy_j")
    latency = prices(layout, costs, "latency_s")
    constant_j: FloatArray = np.zeros(costs.points)
    never_free = True
    if served:
        if limits.requests_per_s is None:
            raise ConfigError("served energy needs a request rate", to_do="pass requests_per_s")
        energy = energy - costs.idle_w * latency
        constant_j = costs.idle_w / limits.requests_per_s
        active_segment_j = costs.segment_energy_j - costs.idle_w * costs.segment_latency_s
        active_head_j = (costs.head_energy_j + costs.overhead_energy_j) - costs.idle_w * (
            costs.head_latency_s + costs.overhead_latency_s
        )
        never_free = bool((active_segment_j >= 0).all() and (active_head_j >= 0).all())
    latency_matters = (
        latency_is_an_objective or limits.max_worst_latency_s is not None or limits.requests_per_s is not None
    )
    kept: IntArray = np.arange(costs.points)
    if drop_dominated_points:
        kept = undominated_points(np.concatenate([energy, constant_j[None], *([latency] if latency_matters else [])]))
    latency = np.ascontiguousarray(latency[:, kept])
    if limits.max_worst_latency_s is not None:
        fastest_s = np.concatenate(
            [full_depth_latency_s(layout, latency, some).min(axis=1) for some in chunks(masks, kept.size)]
        )
        if not (fastest_s <= limits.max_worst_latency_s).any():
            raise InfeasibleError(
                f"no choice of exits answers within {limits.max_worst_latency_s:.6g} s in the worst case; "
                f"the fastest needs {fastest_s.min():.6g} s",
                to_do="raise the latency limit or use a smaller last backbone",
            )
        masks = masks[fastest_s <= limits.max_worst_latency_s]
    return Grid(
        layout=layout,
        masks=masks,
        point=kept,
        energy_prices_j=np.ascontiguousarray(energy[:, kept]),
        energy_constant_j=constant_j[kept],
        latency_prices_s=latency,
        limits=limits,
        samples=samples,
        work_is_never_free=never_free,
    )


def chunks(items: IntArray, entries_each: int) -> list[IntArray]:
    """Cut `items` so that a table of (items, entries_each) stays small."""
    size = max(1, CHUNK_ENTRIES // max(1, entries_each))
    return [items[start : start + size] for start in range(0, items.size, size)]
