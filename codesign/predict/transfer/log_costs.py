"""Logarithms of costs, without the runs that failed or stalled: far outliers are drawn in to the edge of the rest."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray

REACH = 4.0  # standard deviations, judged by the median absolute deviation
MAD_TO_DEVIATION = 1.4826  # of a normal distribution


def within_reach(log_costs: FloatArray) -> FloatArray:
    """(n,): the same, but none further than REACH from the median; untouched where over half are equal."""
    median = float(np.median(log_costs))
    deviation = MAD_TO_DEVIATION * float(np.median(np.abs(log_costs - median)))
    if deviation == 0.0:
        return log_costs
    clipped: FloatArray = np.clip(log_costs, median - REACH * deviation, median + REACH * deviation)
    return clipped
