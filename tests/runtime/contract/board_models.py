"""A cost model with round numbers, to check the accounting by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

SLOW = OperatingPoint(500_000_000, 500_000_000, 500_000_000)
FAST = OperatingPoint(1_000_000_000, 1_000_000_000, 1_000_000_000)


@dataclass(frozen=True)
class LinearBoard:
    """One second per MAC at 1 GHz GPU, 10 W busy and 4 W idle per GHz; entering a stage takes 2 s at 5 W."""

    kind: Kind = Kind.ASSUMED
    hardware: str = "a board on paper"

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        return np.outer([work.macs for work in works], [1e9 / point.gpu_hz for point in points])

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        return np.outer(np.ones(len(works)), [10.0 * point.gpu_hz / 1e9 for point in points])

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        return np.full(len(points), 2.0)

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        return np.full(len(points), 5.0)

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        return np.asarray([4.0 * point.gpu_hz / 1e9 for point in points])
