"""How many new designs each bin gets: evenly at first, then most where the predictor is not accurate enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError


def evenly(count: int, bins: int) -> IntArray:
    """(bins,): whole numbers that sum to `count` and differ by at most one."""
    return shared_out(count, np.ones(bins))


def weighted(count: int, passed: Sequence[bool], below: float, above: float) -> IntArray:
    """(bins,): ESM's Algorithm 1. `below` and `above` are the shares of bins that failed and of those that passed.

    Each share is spread evenly over its bins; where one kind of bin is missing, the other gets everything.
    """
    ok = np.array(passed, dtype=bool)
    weights = np.zeros(len(ok))
    for group, share in ((~ok, below), (ok, above)):
        weights[group] = share / max(1, group.sum())
    if not weights.sum() > 0.0:  # all bins are of the kind that has no share
        weights[:] = 1.0
    return shared_out(count, weights)


def shared_out(count: int, weights: FloatArray) -> IntArray:
    """(bins,): whole numbers in proportion to weights that sum to `count`; the largest remainders are rounded up.

    Raises:
        ConfigError: a negative weight, or none above zero.
    """
    if not (weights >= 0.0).all() or not weights.sum() > 0.0:
        raise ConfigError(f"weights must be at least 0, and one above: got {weights.tolist()}")
    exact = count * weights / weights.sum()
    whole: IntArray = np.floor(exact).astype(np.int64)
    most_left = np.argsort(whole - exact, kind="stable")  # equal remainders: the first bin first
    whole[most_left[: count - int(whole.sum())]] += 1
    return whole
