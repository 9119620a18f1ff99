"""codesign/predict/costs/metrics.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.costs.metrics import kendall, mape, scores, spearman
from codesign.predict.costs.prediction import Prediction
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError


def prediction(mean: FloatArray, half: float = 0.0) -> Prediction:
    return Prediction(mean, mean - half, mean + half, np.zeros(len(mean), bool), 0.9, True)


def test_scores_of_a_small_example_are_those_computed_by_hand() -> None:
    found = scores(np.array([1.0, 2.0, 4.0, 5.0]), prediction(np.array([1.1, 1.0, 4.0, 10.0]), half=0.2))
    assert found.mape == pytest.approx((0.1 + 0.5 + 0.0 + 1.0) / 4)
    assert found.rmspe == pytest.approx(np.sqrt((0.01 + 0.25 + 0.0 + 1.0) / 4))
    assert found.within_10pct == 0.25 or found.within_10pct == 0.5  # 1.1 / 1.0 is 10 % but for rounding
    assert found.coverage == 0.5
    assert found.spearman == pytest.approx(0.8)
    assert found.kendall == pytest.approx(4 / 6)


def test_kendall_knows_ties() -> None:
    assert kendall(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(2 / np.sqrt(2 * 3))


def test_what_is_constant_ranks_nothing() -> None:
    assert spearman(np.array([1.0, 2.0, 3.0]), np.ones(3)) == 0.0
    assert kendall(np.ones(3), np.array([1.0, 2.0, 3.0])) == 0.0


@settings(deadline=None)
@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=20), st.floats(1e-3, 1e3))
def test_relative_errors_do_not_depend_on_the_unit(costs: list[float], unit: float) -> None:
    measured = np.array(costs)
    assert mape(measured * unit, measured[::-1] * unit) == pytest.approx(mape(measured, measured[::-1]))


def test_a_perfect_prediction_has_perfect_scores() -> None:
    costs = np.array([3.0, 1.0, 2.0])
    found = scores(costs, prediction(costs))
    assert (found.spearman, found.kendall, found.within_10pct, found.coverage) == (1.0, 1.0, 1.0, 1.0)
    assert found.mape == found.rmspe == 0.0


@pytest.mark.parametrize(
    ("costs", "predicted", "message"),
    [
        (np.ones(3), np.ones(2), r"costs \(3,\) cannot be compared with predictions \(2,\)"),
        (np.ones(1), np.ones(1), "at least 2"),
        (np.array([1.0, np.nan]), np.ones(2), "a cost is not finite or not above 0"),
        (np.array([1.0, 0.0]), np.ones(2), "a cost is not finite or not above 0"),
        (np.ones(2), np.array([1.0, np.inf]), "a prediction is not finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(costs: FloatArray, predicted: FloatArray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        mape(costs, predicted)
