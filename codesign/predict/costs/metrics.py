"""How good predicted costs are: in rank, in relative error, and whether their intervals hold what they should."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, spearmanr

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError

from .prediction import Prediction

NEAR = 0.10


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares and coefficients; of predictions against measured costs."""

    spearman: float
    kendall: float  # tau-b, which knows ties
    mape: float  # mean |error| / cost
    rmspe: float  # root of the mean square of error / cost
    within_10pct: float  # share of |error| <= 10 % of the cost
    coverage: float  # share of costs inside their interval


def scores(costs: FloatArray, prediction: Prediction) -> Scores:
    """Compare with costs, (n,), finite and above 0. Raises DataError where there are too few, or some cannot be."""
    error = _relative_error(costs, prediction.mean)
    return Scores(
        spearman=spearman(costs, prediction.mean),
        kendall=kendall(costs, prediction.mean),
        mape=float(np.abs(error).mean()),
        rmspe=float(np.sqrt((error**2).mean())),
        within_10pct=float((np.abs(error) <= NEAR).mean()),
        coverage=float(((costs >= prediction.low) & (costs <= prediction.high)).mean()),
    )


def spearman(costs: FloatArray, predicted: FloatArray) -> float:
    """Correlation of ranks; 0 where either is constant, which ranks nothing."""
    return 0.0 if _constant(costs) or _constant(predicted) else float(spearmanr(costs, predicted).statistic)


def kendall(costs: FloatArray, predicted: FloatArray) -> float:
    """tau-b; 0 where either is constant, which ranks nothing."""
    return 0.0 if _constant(costs) or _constant(predicted) else float(kendalltau(costs, predicted).statistic)


def mape(costs: FloatArray, predicted: FloatArray) -> float:
    """Mean |error| / cost."""
    return float(np.abs(_relative_error(costs, predicted)).mean())


def _relative_error(costs: FloatArray, predicted: FloatArray) -> FloatArray:
    if costs.shape != predicted.shape or costs.ndim != 1 or len(costs) < 2:
        raise DataError(
            f"costs {costs.shape} cannot be compared with predictions {predicted.shape}",
            to_do="give two rows of the same length, at least 2",
        )
    if not (np.isfinite(costs) & (costs > 0)).all():
        raise DataError("a cost is not finite or not above 0", to_do="leave out designs that were not measured")
    if not np.isfinite(predicted).all():
        raise DataError("a prediction is not finite", to_do="fit the predictor again")
    error: FloatArray = predicted / costs - 1.0
    return error


def _constant(values: FloatArray) -> bool:
    return bool((values == values[0]).all())
