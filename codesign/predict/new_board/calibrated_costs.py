"""Log costs of all candidates on a new board, from known boards and the few candidates measured there."""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.predictor import Predictor
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .board_mixture import mixture_of_boards

SMALLEST_SPREAD = 0.01  # assumed: two measurements of one design differ by 1 %
PRIOR_SPREAD = 0.1  # assumed error of a scaled proxy, before the measurements say otherwise
PRIOR_WEIGHT = 2.0  # in measurements
SLOPE_PULL = 0.05  # ridge that keeps the slope of log target over log proxy near 1 while there are few measurements

Estimate = tuple[FloatArray, FloatArray]  # mean and standard deviation of ln cost, (n,) each


def from_one_proxy(proxy: FloatArray, measured: IntArray, target: FloatArray) -> Estimate:
    """ln target = offset + slope ln proxy, the slope near 1; costs (n,), and (measured,) of those at `measured`."""
    known, wanted = np.log(proxy[measured]), np.log(target)
    centred = known - known.mean()
    slope = (SLOPE_PULL + float(centred @ (wanted - wanted.mean()))) / (SLOPE_PULL + float(centred @ centred))
    mean = wanted.mean() + slope * (np.log(proxy) - known.mean())
    return _with_spread(mean, measured, wanted)


def from_mixture(proxies: FloatArray, measured: IntArray, target: FloatArray) -> Estimate:
    """The convex mixture of known boards that explains the measured costs; proxies: (boards, n)."""
    log_costs, wanted = np.log(proxies), np.log(target)
    shape = log_costs - log_costs[:, measured].mean(axis=1, keepdims=True)
    weights = mixture_of_boards(shape[:, measured], wanted - wanted.mean())
    return _with_spread(wanted.mean() + weights @ shape, measured, wanted)


def from_predictor(
    predictor: Predictor, designs: IntArray, measured: IntArray, target: FloatArray, rng: np.random.Generator
) -> Estimate | None:
    """A predictor fitted on the measured designs, (n, genes); None where it refuses so few."""
    try:
        fitted = predictor.fit(designs[measured], target, rng)
    except DataError:
        return None
    return _with_spread(np.log(fitted.predict(designs).mean), measured, np.log(target))


def _with_spread(mean: FloatArray, measured: IntArray, wanted: FloatArray) -> Estimate:
    off = wanted - mean[measured]
    spread = np.sqrt((PRIOR_WEIGHT * PRIOR_SPREAD**2 + float(off @ off)) / (PRIOR_WEIGHT + len(off)))
    mean, deviation = mean.copy(), np.full(len(mean), max(float(spread), SMALLEST_SPREAD))
    mean[measured], deviation[measured] = wanted, 0.0
    return mean, deviation
