"""Chains made up for tests: their work, a cost model made of round formulas, and logs to go with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codesign.policy.exit_log import ExitLog
from codesign.search.chain_costs import ChainCosts, joined
from codesign.search.chain_works import BackboneWorks
from runtime.contract.arrays import FloatArray
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import NO_WORK, Work
from tests.codesign.policy.logs import CLASSES


@dataclass(frozen=True)
class FormulaBoard:
    """A CostModel whose latency is work over clocks and whose power rises with them."""

    kind: Kind = Kind.ASSUMED
    hardware: str = "a formula"

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        return np.array(
            [[w.macs / p.gpu_hz + w.traffic_bytes / p.emc_hz + w.kernels / p.cpu_hz for p in points] for w in works]
        )

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        memory_bound = np.array([[w.traffic_bytes / (1.0 + w.macs + w.traffic_bytes)] for w in works])
        return self.idle_w(points) + np.array([(p.gpu_hz / 1e9) ** 2 for p in points]) * (2.0 - memory_bound)

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        return np.array([3e5 / p.cpu_hz for p in points])

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        return self.idle_w(points) + 0.25

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        return np.array([1.0 + 0.3 * p.cpu_hz / 1e9 + 0.5 * p.emc_hz / 1e9 for p in points])


def operating_points(per_axis: int) -> list[OperatingPoint]:
    """per_axis ** 3 points on a regular grid."""
    clocks = [int(hz) for hz in np.linspace(3e8, 2e9, per_axis)]
    return [OperatingPoint(cpu, gpu, emc) for cpu in clocks for gpu in clocks for emc in clocks]


def backbone_works(rng: np.random.Generator, candidates: int) -> BackboneWorks:
    """Each segment of none to three blocks; the end without a head."""

    def work() -> Work:
        return Work(float(rng.integers(1, 9)) * 1e6, float(rng.integers(1, 9)) * 1e6, float(rng.integers(1, 5)) * 1e5)

    segments = tuple(tuple(work() for _ in range(rng.integers(0, 4))) for _ in range(candidates))
    return BackboneWorks(segments, (*(work() for _ in range(candidates - 1)), NO_WORK))


@dataclass(frozen=True)
class Case:
    """A chain with a log, thresholds and operating points."""

    chain: tuple[BackboneWorks, ...]
    costs: ChainCosts
    points: tuple[OperatingPoint, ...]
    log: ExitLog
    thresholds_nats: FloatArray  # (levels, c - 1), falling


def random_case(
    seed: int, sizes: Sequence[int], *, per_axis: int = 2, levels: int = 3, samples: int = 40, noisy_costs: bool = False
) -> Case:
    """A chain of backbones with `sizes` candidates. With noisy costs hardly any operating point dominates another."""
    rng = np.random.default_rng(seed)
    points = operating_points(per_axis)
    chain = tuple(backbone_works(rng, size) for size in sizes)
    costs = joined([ChainCosts.from_works(FormulaBoard(), points, works) for works in chain])
    if noisy_costs:
        shape = (sum(sizes), len(points))
        costs = ChainCosts(
            costs.backbone,
            *(rng.uniform(0.5, 1.5, shape) for _ in range(4)),
            *(rng.uniform(0.01, 0.1, len(points)) for _ in range(3)),
            costs.segment_macs,
            costs.head_macs,
        )
    candidates = sum(sizes)
    labels = rng.integers(0, CLASSES, samples)
    right = rng.random((candidates, samples)) < np.linspace(0.4, 0.9, candidates)[:, None]
    entropy_nats = np.round(rng.exponential(np.where(right, 0.3, 0.8)), 1)  # rounded, so that entropies tie
    log = ExitLog(entropy_nats, np.where(right, labels, (labels + 1) % CLASSES), labels)
    thresholds_nats = -np.sort(-np.round(rng.exponential(0.5, (levels, candidates - 1)), 1), axis=0)
    return Case(chain, costs, tuple(points), log, thresholds_nats)
