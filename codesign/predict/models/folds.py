"""What a regression says of each sample when it was fitted without it."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .regression import Regression


def folds_of(networks: IntArray, count: int, rng: np.random.Generator) -> IntArray:
    """(n,): the fold of each sample, from 0; samples of one network share one, and folds are as even as that allows.

    Args:
        networks: (n,), from 0, which network each sample is; at least two.
        count: of folds; fewer where there are fewer networks.
    """
    sizes = np.bincount(networks)
    count = min(count, len(sizes))
    order = rng.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]  # the large ones first, while all folds have room
    filled = np.zeros(count, dtype=np.int64)
    fold: IntArray = np.zeros(len(sizes), dtype=np.int64)
    for network in order:
        fold[network] = int(np.argmin(filled))
        filled[fold[network]] += sizes[network]
    assigned: IntArray = fold[networks]
    return assigned


def out_of_fold(
    regression: Regression, inputs: FloatArray, costs: FloatArray, folds: IntArray, rng: np.random.Generator
) -> FloatArray:
    """(n,): the cost of each sample as predicted by a fit on the other folds."""
    predicted: FloatArray = np.empty(len(costs))
    for fold in range(int(folds.max()) + 1):
        held_out = folds == fold
        predicted[held_out] = regression.fit(inputs[~held_out], costs[~held_out], rng).costs(inputs[held_out])
    return predicted
