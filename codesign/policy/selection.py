"""Which candidate exits a design keeps: a bit mask over the early candidates; the last candidate is always kept."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, ShapeError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.exit_score import ENTROPY


def selected_candidates(mask: int, candidates: int) -> IntArray:
    """Indices of the kept candidates in order, the last candidate included.

    Args:
        mask: bit i set means that early candidate i carries an exit.
        candidates: how many there are, the last one included.
    Raises:
        ConfigError: a bit is set that belongs to no early candidate.
    """
    if candidates < 1 or mask < 0 or mask >> (candidates - 1):
        raise ConfigError(f"mask {mask:#b} names exits beyond the {candidates - 1} early candidates of this chain")
    early = [index for index in range(candidates - 1) if mask >> index & 1]
    return np.asarray([*early, candidates - 1], dtype=np.int64)


def policy_of(mask: int, thresholds_nats: FloatArray, score: str = ENTROPY) -> ExitPolicy:
    """The policy of a mask: from one threshold per early candidate, those of the kept ones; of the score of their log.

    Raises:
        ShapeError: thresholds_nats is not one-dimensional.
        ConfigError: the mask names candidates without a threshold.
    """
    if thresholds_nats.ndim != 1:
        raise ShapeError(f"thresholds must be (early candidates,), got shape {thresholds_nats.shape}")
    kept = selected_candidates(mask, thresholds_nats.size + 1)[:-1]
    return ExitPolicy(tuple(float(threshold) for threshold in thresholds_nats[kept]), score)
