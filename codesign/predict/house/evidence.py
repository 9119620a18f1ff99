"""Prior variances of kernels and of the noise by marginal likelihood, with noise of heavy tails.

Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), chapter 5. The noise is Student's t, fitted by
expectation and maximisation: samples that lie far off count less (phones measure in whole milliseconds, and now and
then a run takes twice as long). It grows with the cost, since instruments and schedulers disturb in proportion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from runtime.contract.arrays import FloatArray

LEVEL_VARIANCE = 4.0  # of the constant, in units of the samples' variance
FREEDOM = 4.0  # degrees of freedom of Student's t
ROUNDS, FIRST_STEPS, STEPS = 3, 40, 20
TYPICAL_NOISE = 0.05
BELIEF = 15.0  # standard deviation of a ln variance: wide, so that groups of no use vanish
LEAST, MOST, MOST_NOISE = -16.0, 6.0, 3.0
JITTER = 1e-8
REFUSED = 1e12


@dataclass(frozen=True, slots=True)
class Variances:
    """In units of the samples' variance."""

    kernels: FloatArray  # (kernels,)
    noise: float


def variances(
    kernels: Sequence[FloatArray], values: FloatArray, noise: FloatArray, noise_at: Callable[[FloatArray], FloatArray]
) -> Variances:
    """The most probable ones.

    Args:
        kernels: each (n, n).
        values: (n,), of mean 0 and variance 1, about.
        noise: (n,): in which proportion the samples' noise variances stand, to begin with.
        noise_at: the same, from what the samples are estimated to be without their noise, (n,).
    """
    stacked = np.stack(kernels)
    typical = np.log(np.append(np.full(len(kernels), 1.0 / len(kernels)), TYPICAL_NOISE))
    bounds = [(LEAST, MOST)] * len(kernels) + [(LEAST, MOST_NOISE)]
    found, outlying = typical, np.ones(len(values))
    for turn in range(ROUNDS):
        found = minimize(
            _surprise,
            found,
            args=(typical, stacked.reshape(len(kernels), -1), values, noise * outlying),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": STEPS if turn else FIRST_STEPS},
        ).x
        if turn < ROUNDS - 1:
            estimate, uncertainty = _estimate(np.exp(found), stacked, values, noise * outlying)
            noise = noise_at(estimate)
            usual = np.exp(found[-1]) * noise
            outlying = (FREEDOM * usual + (values - estimate) ** 2 + uncertainty) / ((FREEDOM + 1.0) * usual)
    return Variances(np.exp(found[:-1]), float(np.exp(found[-1])))


def _estimate(
    variance: FloatArray, stacked: FloatArray, values: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """The samples without their noise, and how uncertain that is, as a variance; both (n,)."""
    noises = variance[-1] * noise + JITTER
    covariance = np.tensordot(variance[:-1], stacked, 1) + LEVEL_VARIANCE + np.diag(noises)
    inverse = cho_solve((cholesky(covariance, lower=True), True), np.eye(len(values)))
    return values - noises * (inverse @ values), np.maximum(noises - noises**2 * np.diag(inverse), 0.0)


def _surprise(
    logs: FloatArray, typical: FloatArray, flat: FloatArray, values: FloatArray, noise: FloatArray
) -> tuple[float, FloatArray]:
    """Negative log posterior of the ln variances but for a constant, with its gradient."""
    variance, samples = np.exp(logs), len(values)
    covariance = (variance[:-1] @ flat).reshape(samples, samples) + LEVEL_VARIANCE
    covariance.flat[:: samples + 1] += variance[-1] * noise + JITTER
    try:
        factor = cholesky(covariance, lower=True, check_finite=False)
    except np.linalg.LinAlgError:  # a step so far out that rounding drowns the noise: the search steps back
        return REFUSED, np.zeros_like(logs)
    inverse_factor = solve_triangular(factor, np.eye(samples), lower=True, check_finite=False)
    inverse = inverse_factor.T @ inverse_factor
    pull = inverse @ values
    off = (logs - typical) / BELIEF
    surprise = 0.5 * float(values @ pull) + float(np.log(np.diag(factor)).sum()) + 0.5 * float(off @ off)
    weight = inverse - np.outer(pull, pull)
    slopes = np.append(flat @ weight.ravel(), np.diag(weight) @ noise)
    gradient: FloatArray = off / BELIEF + 0.5 * variance * slopes
    return surprise, gradient
