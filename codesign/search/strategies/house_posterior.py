"""A Gaussian process over designs: what one objective is thought to be, and how unsure that is.

Exact (Rasmussen, Williams: "Gaussian Processes for Machine Learning", 2006, algorithm 2.1); the parameters of its
covariance have the greatest marginal likelihood (equations 5.8 and 5.9) under broad priors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from runtime.contract.arrays import FloatArray, IntArray

from .house_covariance import NOISE, Covariance

FARTHEST = 4.0  # deviations of the prior that a parameter may be away from its middle
STEPS = 60  # of the search for the greatest likelihood
JITTER = 1e-8
AT_ONCE = 2048  # designs that are predicted together: bounds the memory


@dataclass(frozen=True, slots=True)
class Posterior:
    """Fitted to designs; predicts others. Worth is shifted and scaled to mean 0 and variance 1 inside."""

    covariance: Covariance
    parameters: FloatArray
    designs: IntArray  # (n, genes)
    shift: float
    spread: float
    lower: FloatArray  # (n, n): Cholesky factor of the covariance
    weights: FloatArray  # (n,)

    def predict(self, designs: IntArray) -> tuple[FloatArray, FloatArray]:
        """(m,) mean and (m,) deviation of what designs (m, genes) are worth, without noise, in the objective's unit."""
        mean, variance = np.zeros((2, len(designs)))
        for start in range(0, len(designs), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            cross = self.covariance.between(self.parameters, self.designs, designs[some])
            mean[some] = self.weights @ cross
            half = solve_triangular(self.lower, cross, lower=True, overwrite_b=True, check_finite=False)
            variance[some] = self.covariance.of_one(self.parameters) - np.einsum("nm,nm->m", half, half)
        return self.shift + self.spread * mean, self.spread * np.sqrt(np.maximum(variance, 1e-12))

    def joint(self, designs: IntArray) -> FloatArray:
        """(m, m): covariance of what these designs are worth, in the objective's unit squared."""
        cross = self.covariance.between(self.parameters, self.designs, designs)
        half = solve_triangular(self.lower, cross, lower=True)
        own = self.covariance.between(self.parameters, designs, designs)
        found: FloatArray = self.spread**2 * (own - half.T @ half)
        return found

    @property
    def noise(self) -> float:
        """Variance of an evaluation, in the objective's unit squared."""
        return float(self.spread**2 * np.exp(self.parameters[NOISE]))


def tuned(covariance: Covariance, designs: IntArray, worth: FloatArray) -> FloatArray:
    """The parameters that are most likely, given designs (n, genes) and what they are worth, (n,)."""
    target = (worth - worth.mean()) / _spread(worth)
    middle, deviations = covariance.prior()

    def surprise(parameters: FloatArray) -> tuple[float, FloatArray]:
        lower = _factor(covariance, parameters, designs)
        inverse = cho_solve((lower, True), np.eye(len(target)))
        weights = inverse @ target
        away = (parameters - middle) / deviations
        value = 0.5 * target @ weights + np.log(np.diag(lower)).sum() + 0.5 * away @ away
        slope = covariance.slope(parameters, designs, 0.5 * (inverse - np.outer(weights, weights)))
        return float(value), slope + away / deviations

    bounds = np.stack([middle - FARTHEST * deviations, middle + FARTHEST * deviations], axis=1)
    found = minimize(surprise, middle, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
    parameters: FloatArray = found.x
    return parameters


def fitted(covariance: Covariance, parameters: FloatArray, designs: IntArray, worth: FloatArray) -> Posterior:
    """The process with these parameters, given what designs (n, genes) are worth, (n,)."""
    shift, spread = float(worth.mean()), _spread(worth)
    lower = _factor(covariance, parameters, designs)
    weights = cho_solve((lower, True), (worth - shift) / spread)
    return Posterior(covariance, parameters, designs, shift, spread, lower, weights)


def _spread(worth: FloatArray) -> float:
    """1 where all are alike: whatever the scale, the process then predicts the one value."""
    return float(worth.std()) or 1.0


def _factor(covariance: Covariance, parameters: FloatArray, designs: IntArray) -> FloatArray:
    own = covariance.between(parameters, designs, designs)
    own[np.diag_indices_from(own)] += np.exp(parameters[NOISE]) + JITTER
    lower: FloatArray = cholesky(own, lower=True)
    return lower
