"""Finds costs that are abnormally low for the design: runs that failed, or a network that a compiler folded away.

One rule for all boards: a robust fit of ln cost says what designs like this one cost; a cost that lies below it by more
than six robust standard deviations of the fit *and* by more than a factor of two is no cost of that design. (On
NAS-Bench-201's pixel3 these are cells that leave input and output unconnected, some at a thousandth of their like.)
High costs are left alone: a slow run did happen.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.errors import DataError

DEVIATIONS, FACTOR = 6.0, 2.0
MAD_TO_DEVIATION = 1.4826  # of a normal distribution
FEWEST = 100  # with fewer there is no saying what is normal: nothing is flagged
ROUNDS = 20


def abnormally_low(features: FloatArray, costs: FloatArray) -> BoolArray:
    """(n,): which costs no design like that has; their number is the mask's sum.

    Args:
        features: (n, features) of any encoding; FCC says enough. Squares are added.
        costs: (n,) above 0; NaN, not measured, is never flagged.
    Raises:
        DataError: costs of another number of designs.
    """
    if features.ndim != 2 or costs.shape != (len(features),):
        raise DataError(f"{costs.shape} costs for features {features.shape}", to_do="give one cost for each design")
    measured = ~np.isnan(costs)
    low = np.zeros(len(costs), dtype=bool)
    if measured.sum() < FEWEST:
        return low
    log_costs = np.log(costs[measured])
    columns = np.column_stack([np.ones(len(log_costs)), features[measured], features[measured] ** 2])
    kept = np.ones(len(log_costs), dtype=bool)
    for _ in range(ROUNDS):
        weights = np.linalg.lstsq(columns[kept], log_costs[kept], rcond=None)[0]
        off = log_costs - columns @ weights
        deviation = MAD_TO_DEVIATION * float(np.median(np.abs(off[kept])))
        keeps = off >= -max(DEVIATIONS * deviation, np.log(FACTOR))
        if (keeps == kept).all():
            break
        kept = keeps
    low[measured] = ~kept
    return low
