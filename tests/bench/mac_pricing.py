"""Multiply-accumulates in the place of joules and seconds, so that the product's own search minimises them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.search.pricing import Pricing
from runtime.contract.arrays import FloatArray
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

POINT = OperatingPoint(10**9, 10**9, 10**9)  # one is as good as another: nothing here depends on clocks
MACS_PER_S = 1e9


class MacCosts:
    """A cost model by which a million multiply-accumulates take a millisecond and a millijoule, and nothing else any.

    Entering a stage is free, and so is waiting: what is saved is then the share of multiply-accumulates alone.
    """

    kind = Kind.ASSUMED
    hardware = "none: multiply-accumulates stand for joules"

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points)."""
        return np.asarray([[work.macs / MACS_PER_S] * len(points) for work in works])

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points)."""
        return np.ones((len(works), len(points)))

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,)."""
        return np.zeros(len(points))

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,)."""
        return np.zeros(len(points))

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,)."""
        return np.zeros(len(points))


def mac_pricing() -> Pricing:
    """Prices of chains in multiply-accumulates, at one operating point."""
    return Pricing(MacCosts(), (POINT,), POINT, POINT)
