"""A board kind with known errors, units that served one small network, and what a refinement learns of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from codesign.refine.board_terms import with_factors
from codesign.refine.cost_equations import CostEquations
from codesign.refine.observations import observations_of
from codesign.refine.served_costs import IdleCell, PowerCell, ServedCosts, TimeCell
from codesign.refine.update import Posterior, updated
from codesign.search.chain_works import BackboneWorks, stages_of
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import CostModel, StageWork, expected_costs, stage_costs
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import NO_WORK, Work

BOARD, DEVICE = profile("tx2"), "gpu"
WORKS = BackboneWorks(
    (
        (Work(4e7, 3e6, 8.0), Work(3e7, 2e6, 6.0)),
        (Work(6e7, 2e6, 8.0),),
        (Work(9e7, 3e6, 12.0), Work(2e6, 1e6, 2.0)),
    ),
    (Work(1e6, 2e5, 3.0), Work(1.5e6, 2e5, 3.0), NO_WORK),
)
STAGES: tuple[StageWork, ...] = tuple(stages_of([WORKS], 0b11))
ALL_WORKS = [*(block for segment in WORKS.segments for block in segment), *WORKS.heads]
SERVED = ("bundle", "balanced")
MIX = (500, 300, 200)
# Dearer with the clocks by a quarter, and an EMC whose slope is a fifth less than was thought.
TRUTH: dict[str, float] = {
    "core_active_w": 1.25,
    "gpu_idle_w": 1.25,
    "cpu_idle_w": 1.25,
    "cpu_launch_w": 1.25,
    "bytes_per_emc_cycle": 0.8,
}
UNITS = {"a": (1.0, 1.0, 1.0), "b": (1.03, 0.94, 1.05), "c": (0.98, 1.05, 0.97)}  # time, idle power, power above it
POINTS = tuple(
    OperatingPoint(BOARD.cpu.hz[c], BOARD.gpu.hz[g], BOARD.emc.hz[e])
    for c, g, e in ((7, 7, 9), (5, 5, 8), (11, 12, 10), (3, 3, 6), (7, 9, 7), (4, 2, 10))
)
ONE = POINTS[:1]


@dataclass(frozen=True)
class Unit:
    """A CostModel: a board with effects of its own."""

    board: SimulatedBoard
    time: float
    idle: float
    active: float

    @property
    def kind(self) -> object:
        return self.board.kind

    @property
    def hardware(self) -> str:
        return "a unit"

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        return self.board.latency_s(works, points) * self.time

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        idle_w = self.board.idle_w(points)
        return idle_w * self.idle + (self.board.busy_w(works, points) - idle_w) * self.active

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        return self.board.stage_overhead_s(points) * self.time

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        idle_w = self.board.idle_w(points)
        return idle_w * self.idle + (self.board.stage_overhead_w(points) - idle_w) * self.active

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        return self.board.idle_w(points) * self.idle


def true_board(factors: Mapping[str, float] = TRUTH) -> SimulatedBoard:
    return SimulatedBoard(with_factors(BOARD, DEVICE, factors), DEVICE)


def shares() -> FloatArray:
    return np.asarray(MIX) / sum(MIX)


def joules(model: CostModel, points: Sequence[OperatingPoint]) -> FloatArray:
    """(points,), of a mean image."""
    return expected_costs(shares(), stage_costs(model, STAGES, points))[1]


def served_costs(
    points: Sequence[OperatingPoint] = POINTS,
    units: Mapping[str, tuple[float, float, float]] = UNITS,
    *,
    factors: Mapping[str, float] = TRUTH,
    noise: float = 0.003,
    seed: int = 0,
) -> ServedCosts:
    """Cells of hundreds of images each, as they would be read from a store."""
    rng = np.random.default_rng(seed)
    times, powers, idles = [], [], []
    for name, own in units.items():
        unit = Unit(true_board(factors), *own)
        for point in points:
            costs = stage_costs(unit, STAGES, [point])
            reached_s, reached_j = costs.latency_s[:, 0].cumsum(), costs.energy_j[:, 0].cumsum()
            scatter = np.exp(noise * rng.normal(size=len(STAGES) + 2))
            times += [
                TimeCell(name, SERVED, k, point, MIX[k], float(reached_s[k] * scatter[k]), 0.02)
                for k in range(len(STAGES))
            ]
            power_w = float(shares() @ reached_j / (shares() @ reached_s) * scatter[-1])
            powers.append(PowerCell(name, SERVED, point, MIX, sum(MIX), power_w, 0.02))
            if len(points) == 1:  # clocks that never moved
                idles.append(IdleCell(name, point, 60, float(costs.idle_w[0] * scatter[-2]), 0.02))
    exits = tuple(len(units) * len(points) * images for images in MIX)
    rows = sum(cell.rows for cell in times)
    return ServedCosts(tuple(times), tuple(powers), tuple(idles), {SERVED: exits}, {"throttled": 7}, rows, 1, 2)


def equations() -> CostEquations:
    return CostEquations.of(BOARD, DEVICE, ALL_WORKS)


@cache
def posterior(points: tuple[OperatingPoint, ...] = POINTS) -> Posterior:
    """What is learnt of three units that served at these points."""
    told = equations()
    return updated(told, observations_of(served_costs(points), {SERVED: STAGES}, told))
