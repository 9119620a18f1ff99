"""Several objectives as one number: by weights drawn at random, so that many draws cover a whole front."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray

SLOPE = 0.05  # of the sum beside the maximum: prefers the better of two designs that are equally bad where it counts


def random_weights(rng: np.random.Generator, objectives: int) -> FloatArray:
    """(objectives,) evenly from those that sum to 1."""
    return rng.dirichlet(np.ones(objectives))


def chebyshev(values: FloatArray, violations: FloatArray, weights: FloatArray) -> FloatArray:
    """(n,): augmented weighted Chebyshev distance to the ideal, objectives scaled to their range among these designs.

    Minimising it for all weights gives the whole front, concave parts included (Steuer & Choo, 1983).

    Args:
        values: (n, objectives), minimised; NaN: failed, which comes last.
        violations: (n,); broken constraints come after all feasible designs, by how far they are broken.
        weights: (objectives,), from `random_weights`.
    """
    good = np.isfinite(values).all(axis=1)
    scores = np.full(len(values), np.inf)
    if good.any():
        low, high = values[good].min(axis=0), values[good].max(axis=0)
        scaled = weights * (values[good] - low) / np.where(high > low, high - low, 1.0)
        scores[good] = scaled.max(axis=1) + SLOPE * scaled.sum(axis=1)
        broken = good & (violations > 0)
        scores[broken] = 2.0 + violations[broken]  # no feasible design's score exceeds 1 + SLOPE
    return scores
