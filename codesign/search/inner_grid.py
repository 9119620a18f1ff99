"""The declared grid of one inner problem, prepared: masks, undominated operating points, prices, and the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ConfigError, InfeasibleError

from .chain_costs import ChainCosts
from .exit_sets import exit_sets
from .footprint import Footprint
from .inner_columns import Layout, full_depth_counts, layout_of, prices, undominated_points
from .inner_counts import masks_up_to
from .row_limits import entered_counts, spared_entries, tail_counts

CHUNK_ENTRIES = 1 << 19
LATENCY = ("max_worst_latency_s", "requests_per_s", "max_mean_latency_s", "max_p99_latency_s", "min_images_per_s")
ABOVE_ZERO = (*LATENCY, "max_energy_j", "max_memory_bytes", "max_size_bytes")


@dataclass(frozen=True, slots=True)
class InnerLimits:
    """What a design must keep to; None where nothing is asked. Latencies and energy are those of one image."""

    max_exits: int | None = None  # early exits
    min_accuracy: float | None = None
    max_worst_latency_s: float | None = None  # of a sample that runs through all stages
    requests_per_s: float | None = None  # mean utilisation at this rate must stay below 1
    max_mean_latency_s: float | None = None
    max_p99_latency_s: float | None = None  # the least that 99 % of the samples keep to
    max_energy_j: float | None = None  # of the kind that is minimised
    max_memory_bytes: float | None = None  # weights and activations of a batch, predicted
    max_size_bytes: float | None = None  # of the stages as files, predicted
    min_images_per_s: float | None = None  # back to back, `batch` at a time
    batch: int = 1
    points: tuple[int, ...] | None = None  # numbers of the operating points that may be chosen

    def __post_init__(self) -> None:
        for name in ABOVE_ZERO:
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"{name} must be above zero, got {value}")
        if self.min_accuracy is not None and not 0 <= self.min_accuracy <= 1:
            raise ConfigError(f"min_accuracy is a share between 0 and 1, got {self.min_accuracy}")
        if self.batch < 1:
            raise ConfigError(f"a batch holds at least one image, got {self.batch}")
        if self.points is not None and not self.points:
            raise ConfigError("every operating point is left out", to_do="leave out fewer clocks")

    @property
    def needs_footprint(self) -> bool:
        """Whether more must be known of a design than its costs."""
        return self.max_memory_bytes is not None or self.max_size_bytes is not None

    @property
    def max_static_latency_s(self) -> float | None:
        """The strictest limit of latency: for a network without exits, mean, p99 and worst case are the same."""
        stated = (self.max_worst_latency_s, self.max_mean_latency_s, self.max_p99_latency_s)
        return min((limit for limit in stated if limit is not None), default=None)

    @property
    def limits_points(self) -> bool:
        """Whether a design may be forbidden at one operating point and allowed at another."""
        return self.limits_latency or self.max_energy_j is not None

    @property
    def limits_latency(self) -> bool:
        """Whether latency matters to what is allowed."""
        return any(getattr(self, name) is not None for name in LATENCY)


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
    overhead_s: FloatArray  # (F,), in the latency prices already
    limits: InnerLimits
    samples: int
    work_is_never_free: bool  # false only for served energy on a board that draws less when busy than when idle

    def energies(self, counts: FloatArray) -> FloatArray:
        """Expected energy (rows, F) for counts (prices, rows), limits aside."""
        energy_j: FloatArray = counts.T @ self.energy_prices_j / self.samples + self.energy_constant_j
        return energy_j

    def costs(self, counts: FloatArray, masks: IntArray) -> RowCosts:
        """Expected costs for counts (prices, rows) of the masks (rows,), limits applied."""
        energy_j = self.energies(counts)
        latency_s = counts.T @ self.latency_prices_s / self.samples
        if self.limits.limits_points:
            energy_j[~self._allowed(counts, energy_j, latency_s, masks)] = np.inf
        return RowCosts(energy_j, latency_s)

    def p99_latency_s(self, counts: FloatArray) -> FloatArray:
        """Latency (rows, F) that 99 % of the samples keep to, for counts (prices, rows)."""
        tail_s: FloatArray = tail_counts(self.layout, counts, self.samples).T @ self.latency_prices_s
        return tail_s

    def images_per_s(self, counts: FloatArray, latency_s: FloatArray) -> FloatArray:
        """Throughput (rows, F) at the limits' batch size, from expected latencies (rows, F)."""
        reach = entered_counts(self.layout, counts) / self.samples
        spared_s = np.outer(spared_entries(reach, self.limits.batch), self.overhead_s)
        rate: FloatArray = 1.0 / (latency_s - spared_s)
        return rate

    def worst_latency_s(self, masks: IntArray) -> FloatArray:
        """Latency (masks, F) of a sample that runs through all stages of each mask."""
        return full_depth_latency_s(self.layout, self.latency_prices_s, masks)

    def _allowed(self, counts: FloatArray, energy_j: FloatArray, latency_s: FloatArray, masks: IntArray) -> BoolArray:
        limits, allowed = self.limits, np.ones(latency_s.shape, dtype=np.bool_)
        if limits.max_worst_latency_s is not None:
            allowed &= self.worst_latency_s(masks) <= limits.max_worst_latency_s
        if limits.requests_per_s is not None:
            allowed &= latency_s * limits.requests_per_s < 1.0
        if limits.max_mean_latency_s is not None:
            allowed &= latency_s <= limits.max_mean_latency_s
        if limits.max_p99_latency_s is not None:
            allowed &= self.p99_latency_s(counts) <= limits.max_p99_latency_s
        if limits.max_energy_j is not None:
            allowed &= energy_j <= limits.max_energy_j
        if limits.min_images_per_s is not None:
            allowed &= self.images_per_s(counts, latency_s) >= limits.min_images_per_s
        return allowed


def full_depth_latency_s(layout: Layout, latency_prices_s: FloatArray, masks: IntArray) -> FloatArray:
    """Latency (masks, F) of a sample that no early exit takes."""
    return full_depth_counts(layout, masks).T @ latency_prices_s


def grid_of(
    costs: ChainCosts,
    samples: int,
    limits: InnerLimits,
    *,
    served: bool,
    latency_is_an_objective: bool,
    drop_dominated_points: bool = True,
    footprint: Footprint | None = None,
) -> Grid:
    """Prepare an inner problem.

    Args:
        footprint: of the chain; needed where memory or size is limited.
    Raises:
        InfeasibleError: no mask meets the worst-case latency at any operating point, or the limits of memory and size.
        ConfigError: served energy without a request rate, more candidates than the solver takes, or limits of memory or
            size and no footprint.
    """
    layout = layout_of(costs.backbone, exit_sets(costs.candidates - 1, limits.max_exits))
    masks = _small_enough(masks_up_to(costs.candidates - 1, limits.max_exits), costs.backbone, limits, footprint)
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
    kept: IntArray = np.arange(costs.points) if limits.points is None else np.asarray(limits.points)
    if drop_dominated_points:
        columns = [energy, constant_j[None]]
        if latency_is_an_objective or limits.limits_latency:
            columns.append(latency)
        if limits.min_images_per_s is not None and limits.batch > 1:  # its latency has another share of overhead in it
            columns += [latency - costs.overhead_latency_s, costs.overhead_latency_s[None]]
        kept = kept[undominated_points(np.concatenate(columns)[:, kept])]
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
        overhead_s=costs.overhead_latency_s[kept],
        limits=limits,
        samples=samples,
        work_is_never_free=never_free,
    )


def chunks(items: IntArray, entries_each: int) -> list[IntArray]:
    """Cut `items` so that a table of (items, entries_each) stays small."""
    size = max(1, CHUNK_ENTRIES // max(1, entries_each))
    return [items[start : start + size] for start in range(0, items.size, size)]


def _small_enough(masks: IntArray, backbone: IntArray, limits: InnerLimits, footprint: Footprint | None) -> IntArray:
    if not limits.needs_footprint:
        return masks
    if footprint is None:
        raise ConfigError("memory and size are limited, but it is not known what the chain takes up")
    for name, limit in (("memory", limits.max_memory_bytes), ("size", limits.max_size_bytes)):
        if limit is None:
            continue
        if name == "memory":
            taken = footprint.memory_bytes(backbone, masks, limits.batch)
        else:
            taken = footprint.file_bytes(backbone, masks)
        if not (taken <= limit).any():
            raise InfeasibleError(
                f"no choice of exits keeps to a {name} of {limit:.0f} bytes; the smallest takes {taken.min():.0f}",
                to_do=f"raise the limit of {name}, or use smaller backbones",
            )
        masks = masks[taken <= limit]
    return masks
