"""Weights of features by which the mean relative error |prediction / cost - 1| is least, given their prior variances.

Each sample's noise variance is set from how far it was missed when left out, as in iteratively reweighted least squares
for absolute errors: the fit then leans to medians, and a few runs that took twice as long do not move it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from runtime.contract.arrays import FloatArray

ROUNDS = 5
NEAR = 0.25  # of the mean error; nearer samples count as if they were that far off, or they would be interpolated
LOW = 0.5  # a cost under this share of its prediction is taken for a failed run: its error is not relative to itself
JITTER = 1e-8


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Weights of all samples together, and predictions of each sample from all others."""

    weights: FloatArray  # (features,)
    predictions: FloatArray  # (n,)


def least_error(features: FloatArray, costs: FloatArray, noise: FloatArray, level: float, spread: float) -> LeftOut:
    """Fit.

    Args:
        features: (n, features), scaled such that each weight's prior variance is 1.
        costs: (n,), above 0; what the features are to give is (cost - level) / spread.
        noise: (n,), variances of that, to begin with.
    """
    values = (costs - level) / spread
    for turn in range(ROUNDS + 1):
        weights, residuals = left_out(features, values, noise + JITTER)
        predictions = costs - residuals * spread
        if turn == ROUNDS:
            break
        against = np.maximum(costs, LOW * predictions)
        errors = np.abs(costs - predictions)
        mean_error = float((errors / against).mean())
        noise = mean_error * against * np.maximum(errors, NEAR * mean_error * against) / spread**2
    return LeftOut(weights, predictions)


def left_out(features: FloatArray, values: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights, (features,), and each value minus its prediction from the others, (n,).

    Rasmussen and Williams (2006), equations 2.11 and 5.12; through the smaller of the two matrices.
    """
    samples, columns = features.shape
    if samples <= columns:
        covariance = features @ features.T + np.diag(noise)
        inverse = cho_solve(cho_factor(covariance, lower=True), np.eye(samples))
        pull = inverse @ values
        return features.T @ pull, pull / np.diag(inverse)
    scaled = features / noise[:, None]
    factor = cho_factor(features.T @ scaled + np.eye(columns), lower=True)
    weights = cho_solve(factor, scaled.T @ values)
    leverage = (scaled * cho_solve(factor, features.T).T).sum(axis=1)
    return weights, (values - features @ weights) / np.maximum(1.0 - leverage, JITTER)
