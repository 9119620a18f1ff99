"""The design that a weighted sum of accuracy and proxy costs is best for (Lu et al., Eqs. 6 and 7)."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray


def cost_weights(dials: FloatArray) -> FloatArray:
    """(costs,): t of Eqs. 6 and 7 from one dial in [0, 1] per cost; they sum to at most 1.

    With one cost its dial is t itself. With two, t_i = odds_i / (1 + odds_1 + odds_2), odds = dial / (1 - dial): every
    pair of dials is legal, which (t_1, t_2) are not.
    """
    with np.errstate(divide="ignore"):
        odds = dials / (1.0 - dials)
    if np.isinf(odds).any():  # at least one dial at 1: only those costs count
        only: FloatArray = np.isinf(odds) / np.isinf(odds).sum()
        return only
    weights: FloatArray = odds / (1.0 + odds.sum())
    return weights


def best_of_weighted_sum(accuracy: FloatArray, costs: FloatArray, dials: FloatArray) -> int:
    """The place of argmin -(1 - sum t) accuracy + sum t_i cost_i among the candidates.

    Accuracy and costs are put on the range from 0 to 1 first: the paper's t depends on the units of both, this one not.

    Args:
        accuracy: (n,).
        costs: (costs, n), on the proxy.
        dials: (costs,), see cost_weights.
    """
    weights = cost_weights(dials)
    score = -(1.0 - weights.sum()) * _ranged(accuracy) + weights @ np.array([_ranged(cost) for cost in costs])
    # Of equal scores the cheaper design: at t = 0 many may share the best accuracy.
    tied = np.flatnonzero(score <= score.min() + 1e-12)
    return int(tied[np.argmin(costs[0, tied])])


def _ranged(values: FloatArray) -> FloatArray:
    spread = float(np.ptp(values))
    ranged: FloatArray = (values - values.min()) / (spread if spread > 0 else 1.0)
    return ranged
