"""Which candidate to measure next beside the limits: gain in accuracy times the chance that it keeps them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

from runtime.contract.arrays import FloatArray

from .calibrated_costs import Estimate


def chance_to_keep(estimates: Sequence[Estimate], limits: FloatArray) -> FloatArray:
    """(n,): the chance that a candidate keeps every limit, costs taken as independent given what was measured."""
    chance = np.ones(len(estimates[0][0]))
    for (mean, deviation), limit in zip(estimates, limits, strict=True):
        room = np.log(limit) - mean
        safe = np.where(deviation > 0, deviation, 1.0)
        chance *= np.where(deviation > 0, ndtr(room / safe), room >= 0)
    return chance


def next_to_measure(
    accuracy: FloatArray, best_so_far: float | None, chance: FloatArray, measured: Sequence[int]
) -> int | None:
    """The candidate with the largest expected gain; None where none promises any.

    This is expected improvement under constraints (Gardner et al., ICML 2014), with accuracies known. It reaches the
    designs that no weighted sum selects. While nothing keeps the limits, the likeliest candidate is taken.
    """
    gain = chance.copy() if best_so_far is None else np.maximum(accuracy - best_so_far, 0.0) * chance
    gain[list(measured)] = 0.0
    found = int(gain.argmax())
    return found if gain[found] > 0 else None
