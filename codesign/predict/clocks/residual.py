"""What an equation leaves over, as a Gaussian process over log clocks, with one length scale per clock.

Workloads of a board share the length scales, amplitude and noise, found by marginal likelihood with weak priors; each
has its own cells. Away from them the correction fades to nothing. See Rasmussen and Williams, Gaussian Processes for
Machine Learning (2006), chapters 2 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from runtime.contract.arrays import FloatArray

AMPLITUDE, NOISE, SCALES = 0, 1, 2  # places among the log parameters; the scales are the rest
PRIOR_AMPLITUDE, PRIOR_NOISE, PRIOR_SCALE = 0.03, 0.01, 1.0  # assumed; the scale in standard deviations of a log clock
BOUNDS = [(-7.0, 1.0), (-7.0, 0.0)]
SCALE_BOUNDS = (-2.0, 4.0)
MAX_STEPS = 40
CELLS_TO_TUNE_ON = 200  # of each of up to eight workloads; fewer of each where there are more
CELLS_TO_KEEP = 2000
BLOCK = 4096


@dataclass(frozen=True, slots=True)
class Residual:
    """A posterior mean."""

    points: FloatArray  # (cells, clocks)
    pull: FloatArray  # (cells,), K⁻¹ r
    log_parameters: FloatArray

    def at(self, points: FloatArray) -> FloatArray:
        """(points,): the correction to ln of the quantity."""
        blocks = np.array_split(points, range(BLOCK, len(points), BLOCK))  # bounds the memory
        return np.concatenate([_kernel(block, self.points, self.log_parameters) @ self.pull for block in blocks])


def fit_residuals(workloads: Sequence[tuple[FloatArray, FloatArray]], rng: np.random.Generator) -> list[Residual]:
    """For each workload its points, (cells, clocks), in standard deviations, and the log residuals there, (cells,)."""
    most = int(min(CELLS_TO_TUNE_ON, CELLS_TO_TUNE_ON * (8 / len(workloads)) ** (1 / 3)))
    clocks = workloads[0][0].shape[1]
    start = np.log([PRIOR_AMPLITUDE, PRIOR_NOISE, *[PRIOR_SCALE] * clocks])
    tuned_on = [_some(points, left, most, rng) for points, left in workloads]
    tuned = minimize(
        _surprise,
        start,
        args=(start, tuned_on),
        jac=True,
        method="L-BFGS-B",
        bounds=[*BOUNDS, *[SCALE_BOUNDS] * clocks],
        options={"maxiter": MAX_STEPS},
    ).x
    kept = [_some(points, left, CELLS_TO_KEEP, rng) for points, left in workloads]
    return [Residual(points, _solve(points, left, tuned), tuned) for points, left in kept]


def _some(points: FloatArray, left: FloatArray, most: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    if len(left) <= most:
        return points, left
    chosen = rng.choice(len(left), most, replace=False)
    return points[chosen], left[chosen]


def _kernel(left: FloatArray, right: FloatArray, log_parameters: FloatArray) -> FloatArray:
    """(left, right): squared exponential."""
    scaled_left, scaled_right = left / np.exp(log_parameters[SCALES:]), right / np.exp(log_parameters[SCALES:])
    squared = (scaled_left**2).sum(axis=1)[:, None] + (scaled_right**2).sum(axis=1) - 2.0 * scaled_left @ scaled_right.T
    kernel: FloatArray = np.exp(2.0 * log_parameters[AMPLITUDE] - 0.5 * np.maximum(squared, 0.0))
    return kernel


def _factor(kernel: FloatArray, log_parameters: FloatArray) -> tuple[FloatArray, bool]:
    factor: tuple[FloatArray, bool] = cho_factor(
        kernel + np.exp(2.0 * log_parameters[NOISE]) * np.eye(len(kernel)), lower=True
    )
    return factor


def _solve(points: FloatArray, left: FloatArray, log_parameters: FloatArray) -> FloatArray:
    solved: FloatArray = cho_solve(_factor(_kernel(points, points, log_parameters), log_parameters), left)
    return solved


def _surprise(
    log_parameters: FloatArray, prior: FloatArray, workloads: Sequence[tuple[FloatArray, FloatArray]]
) -> tuple[float, FloatArray]:
    """Negative log posterior of the parameters but for a constant, with its gradient; the prior's spread is 1."""
    off = log_parameters - prior
    total, gradient = 0.5 * float(off @ off), off.copy()
    for points, left in workloads:
        kernel = _kernel(points, points, log_parameters)
        factor = _factor(kernel, log_parameters)
        pull = cho_solve(factor, left)
        total += 0.5 * float(left @ pull) + float(np.log(np.diag(factor[0])).sum())
        weight = np.outer(pull, pull) - cho_solve(factor, np.eye(len(left)))
        weighted = weight * kernel
        gradient[AMPLITUDE] -= weighted.sum()
        gradient[NOISE] -= np.exp(2.0 * log_parameters[NOISE]) * np.trace(weight)
        for clock in range(points.shape[1]):
            apart = (points[:, clock, None] - points[None, :, clock]) / np.exp(log_parameters[SCALES + clock])
            gradient[SCALES + clock] -= 0.5 * float((weighted * apart**2).sum())
    return total, gradient
