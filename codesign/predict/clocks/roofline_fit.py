"""Fits rooflines to the workloads of a board: each its own weights, with what they share learned from all of them.

A workload may have no more cells than parameters. Weak priors keep what its cells do not say in a sensible range, and
the prior on p, which depends on the board more than on the network, is centred on what the board's workloads found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from codesign.predict.clocks.roofline import (
    ABSENT,
    COMPUTE,
    MEMORY,
    PARAMETERS,
    SHARPNESS,
    LogPeriods,
    log_latency,
)
from runtime.contract.arrays import FloatArray

# Assumed: that the equation is good to about 1 %, and what share of T each part has, within a factor of e^3. Chosen on
# the public Orin Nano Super grid; half or twice of any one leaves the held-out error there between 1.5 % and 2 %.
NOISE = 0.01
LOG_SHARE = np.array([0.0, -1.0, -2.0, -2.0, -1.5])  # a, m, c, d, b at the middle of the clocks
LOG_SHARE_SPREAD = 3.0
LOG_SHARPNESS, LOG_SHARPNESS_SPREAD = np.log(2.5), 0.9  # of p before any workload was seen
WITHIN_BOARD = 0.6  # how much narrower the prior on p is once the board is known
MAX_LOG_SHARPNESS = np.log(20.0)  # a corner that no grid of clocks resolves
SPREAD_OF_FITS = 0.3  # how far ln p of a single fit is off
ROUNDS = 2
MAX_STEPS = 60


@dataclass(frozen=True, slots=True)
class Observed:
    """One workload's cells: ln T less its mean, at log periods."""

    periods: LogPeriods
    log_latency: FloatArray  # (cells,)


def fit_rooflines(workloads: Sequence[Observed], active: Sequence[int]) -> list[FloatArray]:
    """Log parameters, (PARAMETERS,) for each workload."""
    centre = np.append(LOG_SHARE, LOG_SHARPNESS)
    spread = np.append(np.full(len(LOG_SHARE), LOG_SHARE_SPREAD), LOG_SHARPNESS_SPREAD)
    found = [_fit(one, active, centre, spread, _starts(centre)) for one in workloads]
    if SHARPNESS not in active:
        return found
    for _ in range(ROUNDS - 1):
        seen, trust = np.array([one[SHARPNESS] for one in found]), (LOG_SHARPNESS_SPREAD / SPREAD_OF_FITS) ** 2
        centre[SHARPNESS] = (LOG_SHARPNESS + trust * seen.sum()) / (1.0 + trust * len(seen))
        spread[SHARPNESS] = LOG_SHARPNESS_SPREAD * WITHIN_BOARD
        found = [_fit(one, active, centre, spread, [start]) for one, start in zip(workloads, found, strict=True)]
    return found


def _starts(centre: FloatArray) -> list[FloatArray]:
    """Balanced, bound by computing, bound by memory: the surface has a valley for each."""
    bound_by_compute, bound_by_memory = centre.copy(), centre.copy()
    bound_by_compute[[COMPUTE, MEMORY, SHARPNESS]] += 1.0, -2.0, 0.7
    bound_by_memory[[COMPUTE, MEMORY, SHARPNESS]] += -1.0, 1.0, 0.7
    return [centre, bound_by_compute, bound_by_memory]


def _fit(
    cells: Observed, active: Sequence[int], centre: FloatArray, spread: FloatArray, starts: Sequence[FloatArray]
) -> FloatArray:
    """The most probable parameters under a robust likelihood of ln T and Gaussian priors."""
    free, count = np.array(active), len(cells.log_latency)

    def whole(x: FloatArray) -> FloatArray:
        parameters = np.full(PARAMETERS, ABSENT)
        parameters[SHARPNESS] = centre[SHARPNESS]
        parameters[free] = x
        return parameters

    def residuals(x: FloatArray) -> FloatArray:
        modelled, _ = log_latency(whole(x), cells.periods)
        return np.concatenate([(modelled - cells.log_latency) / NOISE, (x - centre[free]) / spread[free]])

    def jacobian(x: FloatArray) -> FloatArray:
        _, gradient = log_latency(whole(x), cells.periods)
        return np.concatenate([gradient[:, free] / NOISE, np.diag(1.0 / spread[free])])

    def loss(squared: FloatArray) -> FloatArray:
        # Soft L1 for the cells, since a power limit makes single cells odd; the priors stay Gaussian.
        root = np.sqrt(1.0 + squared[:count])
        value, first, second = squared.copy(), np.ones_like(squared), np.zeros_like(squared)
        value[:count], first[:count], second[:count] = 2.0 * (root - 1.0), 1.0 / root, -0.5 / root**3
        return np.stack([value, first, second])

    lower, upper = np.full(PARAMETERS, -12.0), np.full(PARAMETERS, 5.0)
    lower[SHARPNESS], upper[SHARPNESS] = 0.0, MAX_LOG_SHARPNESS
    inside = [np.clip(start[free], lower[free] + 1e-3, upper[free] - 1e-3) for start in starts]
    tried = [
        least_squares(residuals, x, jacobian, (lower[free], upper[free]), loss=loss, max_nfev=MAX_STEPS) for x in inside
    ]
    return whole(min(tried, key=lambda one: float(one.cost)).x)
