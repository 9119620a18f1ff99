"""The one cost accounting: what stages cost, and what a design costs when only some samples reach them.

Blocks are priced one by one and *summed*, so cutting a network in another place changes no total; a stage adds its
launch overhead, an exit adds its head. Everything is linear in how often a stage runs. Search, simulator, report and
daemon all come here.

Three energies, never mixed:
    energy_j         board energy of one inference run back to back: board power while busy × latency
    active_energy_j  the same minus idle power at those clocks
    served_energy_j  board joules per request at a request rate, idle time included, at the clocks held throughout
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from .arrays import FloatArray
from .errors import ShapeError
from .kind import Kind
from .operating_point import OperatingPoint
from .work import NO_WORK, Work


class CostModel(Protocol):
    """What a piece of work costs on one device of one board. A simulated board is one; a fitted predictor another."""

    @property
    def kind(self) -> Kind:
        """What its numbers are: simulated, predicted, measured."""
        ...

    @property
    def hardware(self) -> str:
        """Board, device and rails its numbers speak of, in words."""
        ...

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): seconds per image."""
        ...

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): board power while that work runs."""
        ...

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): seconds that entering one more stage adds (dispatch, reading the entropy back)."""
        ...

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): board power during that overhead."""
        ...

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): board power with nothing to do, clocks held."""
        ...


@dataclass(frozen=True, slots=True)
class StageWork:
    """What one stage runs: its blocks, one by one, and the head of its exit."""

    blocks: tuple[Work, ...]
    head: Work = NO_WORK  # without an exit of its own

    @property
    def macs(self) -> float:
        """Multiply-accumulates of the stage, head included."""
        return sum(block.macs for block in self.blocks) + self.head.macs


@dataclass(frozen=True, slots=True)
class StageCosts:
    """What each stage of a design adds when it runs, at each operating point."""

    latency_s: FloatArray  # (stages, points)
    energy_j: FloatArray  # (stages, points)
    idle_w: FloatArray  # (points,)


def block_costs(
    model: CostModel, works: Sequence[Work], points: Sequence[OperatingPoint]
) -> tuple[FloatArray, FloatArray]:
    """Latency [s] and energy [J] of each work at each point, both (works, points); energy = busy power × latency."""
    if not works:
        empty = np.zeros((0, len(points)))
        return empty, empty
    latency_s = model.latency_s(works, points)
    return latency_s, latency_s * model.busy_w(works, points)


def overhead_costs(model: CostModel, points: Sequence[OperatingPoint]) -> tuple[FloatArray, FloatArray]:
    """Latency [s] and energy [J] that one more stage adds, both (points,)."""
    overhead_s = model.stage_overhead_s(points)
    return overhead_s, overhead_s * model.stage_overhead_w(points)


def stage_costs(model: CostModel, stages: Sequence[StageWork], points: Sequence[OperatingPoint]) -> StageCosts:
    """Price each stage: the sum of its blocks, its head, and one stage overhead."""
    overhead_s, overhead_j = overhead_costs(model, points)
    latencies, energies = [], []
    for stage in stages:
        latency_s, energy_j = block_costs(model, (*stage.blocks, stage.head), points)
        latencies.append(latency_s.sum(axis=0) + overhead_s)
        energies.append(energy_j.sum(axis=0) + overhead_j)
    return StageCosts(np.stack(latencies), np.stack(energies), model.idle_w(points))


def reach_shares(exit_shares: FloatArray) -> FloatArray:
    """Share of samples that run each stage, from the share that leaves at each: stage 0 always runs.

    Args:
        exit_shares: (stages,), sums to one.
    Raises:
        ShapeError: not one-dimensional, or the shares do not sum to one: a sample leaves exactly once.
    """
    if exit_shares.ndim != 1 or abs(float(exit_shares.sum()) - 1.0) > 1e-9:
        raise ShapeError(f"exit shares must be (stages,) and sum to 1, got {exit_shares}")
    return 1.0 - np.concatenate([[0.0], np.cumsum(exit_shares)[:-1]])


def expected_costs(exit_shares: FloatArray, costs: StageCosts) -> tuple[FloatArray, FloatArray]:
    """Mean latency [s] and mean energy [J] per image under given exit shares, both (points,)."""
    reach = reach_shares(exit_shares)
    return reach @ costs.latency_s, reach @ costs.energy_j


def active_energy_j(energy_j: FloatArray, latency_s: FloatArray, idle_w: FloatArray) -> FloatArray:
    """Back-to-back energy without what the board draws at those clocks anyway."""
    return energy_j - idle_w * latency_s


def served_energy_j(
    energy_j: FloatArray, latency_s: FloatArray, idle_w: FloatArray, requests_per_s: float
) -> FloatArray:
    """Board joules per request at a request rate, idle time between requests included, the same clocks held.

    NaN where the rate cannot be served at all (mean utilisation of 1 or more).
    """
    served: FloatArray = active_energy_j(energy_j, latency_s, idle_w) + idle_w / requests_per_s
    return np.where(latency_s * requests_per_s < 1.0, served, np.nan)
