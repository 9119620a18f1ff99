"""Variances of groups and noise by marginal likelihood, and what a sum of linear kernels then says.

See Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), chapters 2 and 5; leave-one-out by their
equation 5.12.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from runtime.contract.arrays import FloatArray

LEVEL_VARIANCE = 10.0  # of the constant, in units of the variance of the samples' ln cost: as good as unknown
BELIEF = 1.5  # standard deviation of a ln variance around its median
BOUNDS = (-12.0, 5.0)
MAX_STEPS = 25


@dataclass(frozen=True, slots=True)
class Posterior:
    """Of one hypothesis, at the samples."""

    pull: FloatArray  # (samples,): K⁻¹ y
    inverse: FloatArray  # (samples, samples): K⁻¹

    @property
    def left_out(self) -> FloatArray:
        """(samples,): each minus its prediction from the others."""
        residual: FloatArray = self.pull / np.diag(self.inverse)
        return residual

    @property
    def left_out_variance(self) -> FloatArray:
        """(samples,): how uncertain that prediction is, noise included."""
        variance: FloatArray = 1.0 / np.diag(self.inverse)
        return variance


def tuned(kernels: Sequence[FloatArray], values: FloatArray, typical: FloatArray) -> tuple[FloatArray, float]:
    """The most probable ln variances, (kernels + 1,), noise last, and the log evidence there but for a constant."""
    found = minimize(
        _surprise,
        typical,
        args=(typical, kernels, values),
        jac=True,
        method="L-BFGS-B",
        bounds=[BOUNDS] * len(typical),
        options={"maxiter": MAX_STEPS},
    )
    return found.x, -float(found.fun)


def covariance(log_variances: FloatArray, kernels: Sequence[FloatArray]) -> FloatArray:
    """(samples, samples), noise included."""
    variances = np.exp(log_variances)
    total: FloatArray = variances[-1] * np.eye(len(kernels[0])) + LEVEL_VARIANCE
    for variance, kernel in zip(variances[:-1], kernels, strict=True):
        total += variance * kernel
    return total


def posterior(log_variances: FloatArray, kernels: Sequence[FloatArray], values: FloatArray) -> Posterior:
    """Given the samples' values, (samples,)."""
    factor = cho_factor(covariance(log_variances, kernels), lower=True)
    return Posterior(cho_solve(factor, values), cho_solve(factor, np.eye(len(values))))


def _surprise(
    log_variances: FloatArray, typical: FloatArray, kernels: Sequence[FloatArray], values: FloatArray
) -> tuple[float, FloatArray]:
    """Negative log posterior of the variances but for a constant, with its gradient."""
    factor = cho_factor(covariance(log_variances, kernels), lower=True)
    pull = cho_solve(factor, values)
    off = (log_variances - typical) / BELIEF
    surprise = 0.5 * float(values @ pull) + float(np.log(np.diag(factor[0])).sum()) + 0.5 * float(off @ off)
    weight = np.outer(pull, pull) - cho_solve(factor, np.eye(len(values)))
    slopes = np.array([float((weight * kernel).sum()) for kernel in kernels] + [float(np.trace(weight))])
    gradient: FloatArray = off / BELIEF - 0.5 * np.exp(log_variances) * slopes
    return surprise, gradient
