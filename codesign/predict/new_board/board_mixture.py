"""A board as a convex mixture of known boards: the weights under which their features come closest to its own."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from runtime.contract.arrays import FloatArray

EVENNESS = 0.01  # chosen on NAS-Bench-201's boards; the pull towards equal weights, which average noise away
TIE = 30.0  # how hard the weights are held to their sum, far above any feature


def mixture_of_boards(known: FloatArray, new: FloatArray, evenness: float = EVENNESS) -> FloatArray:
    """(boards,): non-negative weights w with sum 1 that minimise mean (w known - new)^2 + evenness |w|^2.

    Args:
        known: (boards, features), e.g. log costs of the same designs, less each board's mean.
        new: (features,), of the new board.
    """
    boards, features = known.shape
    rows = np.concatenate([known.T / np.sqrt(features), np.sqrt(evenness) * np.eye(boards), np.full((1, boards), TIE)])
    wanted = np.concatenate([new / np.sqrt(features), np.zeros(boards), [TIE]])
    found: FloatArray = nnls(rows, wanted)[0]
    weights: FloatArray = found / found.sum()
    return weights
