"""Labelled images weighted so that their exits are mixed as served ones are: what a policy would spend in the field.

Boards tell where images leave, not what they show. So each labelled image of `select` counts as much as makes the
mixes of exits that boards reported come true under the modes that they served (raking, Deming and Stephan 1940), and
any other policy is replayed on the same weighted images. That holds as far as images which leave at the same exits are
alike; accuracy is never weighted: it is asked of the images as they were labelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

ROUNDS = 50
STRONGEST = 20.0  # an image counts at most so many times as another one of the mean
EXPECTED_WEIGHT = 200.0  # images that the labelled mix counts for
LEAST = 500  # served images of a mode, below which its mix is not heard


@dataclass(frozen=True, slots=True)
class Reported:
    """One served mode: where each labelled image leaves under it, and how many served ones did."""

    exits_taken: IntArray  # (samples,)
    images: tuple[int, ...]  # (stages,)


def mix_weights(samples: int, reported: Sequence[Reported]) -> FloatArray:
    """(samples,), of mean 1. All ones where nothing was reported."""
    weights: FloatArray = np.ones(samples)
    targets = [(mode, _target(mode)) for mode in reported if sum(mode.images) >= LEAST]
    for _ in range(ROUNDS if targets else 0):
        for mode, target in targets:
            now = np.bincount(mode.exits_taken, weights, minlength=len(target)) / weights.sum()
            factor = np.where(now > 0, target / np.where(now > 0, now, 1.0), 1.0)
            weights *= factor[mode.exits_taken]
            weights = np.clip(weights / weights.mean(), 1.0 / STRONGEST, STRONGEST)
    even: FloatArray = weights / weights.mean()
    return even


def effective_samples(weights: FloatArray) -> float:
    """How many evenly weighted images say as much."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _target(mode: Reported) -> FloatArray:
    """The served mix, drawn a little to the labelled one, so that an exit no image took is not impossible."""
    labelled = np.bincount(mode.exits_taken, minlength=len(mode.images)) / len(mode.exits_taken)
    counts = np.asarray(mode.images, dtype=np.float64) + EXPECTED_WEIGHT * labelled
    target: FloatArray = counts / counts.sum()
    return target
