"""codesign/predict/costs/conformal.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.costs.conformal import ENOUGH, MOST, Conformal, conformal
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError, DataError

INSIDE = np.zeros(1)


def test_the_half_width_is_the_quantile_that_conformal_prediction_asks_for() -> None:
    residuals = np.arange(1, 100) / 100.0
    assert conformal(residuals, residuals).half_width == 0.90  # the 90th of 99, ceil(100 · 0.9)
    assert conformal(residuals, residuals, confidence=0.5).half_width == 0.50
    assert conformal(-residuals[:5], residuals[:5]).half_width == 0.05  # too few for 90 %: the largest


@pytest.mark.parametrize("samples", [100, 400])
def test_new_costs_lie_in_their_intervals_as_often_as_promised(samples: int) -> None:
    rng = np.random.default_rng(samples)
    held = []
    for _ in range(400):
        intervals = conformal(0.1 * rng.standard_t(4, samples), np.zeros(samples))
        found = intervals.prediction(np.ones(200), np.zeros(200))
        costs = np.exp(0.1 * rng.standard_t(4, 200))
        held.append(((costs >= found.low) & (costs <= found.high)).mean())
    assert 0.895 < np.mean(held) < 0.91


def test_intervals_are_wider_where_the_model_is_less_certain_of_itself() -> None:
    rng = np.random.default_rng(0)
    scales = np.where(np.arange(1000) % 2, 0.3, 0.03)
    intervals = conformal(scales * rng.normal(size=1000), np.zeros(1000), scales)
    found = intervals.prediction(np.ones(2), np.zeros(2), np.array([0.03, 0.3]))
    widths = np.log(found.high / found.low)
    assert widths[1] == pytest.approx(10 * widths[0])
    assert intervals.half_width == pytest.approx(1.645, rel=0.1)


def test_it_calls_itself_calibrated_from_a_hundred_samples_on() -> None:
    assert conformal(np.ones(ENOUGH), np.ones(ENOUGH)).calibrated
    few = conformal(np.ones(ENOUGH - 1), np.ones(ENOUGH - 1))
    assert not few.calibrated
    assert not few.prediction(np.ones(1), INSIDE).calibrated


def test_outside_the_training_range_an_interval_is_wider_and_says_so() -> None:
    intervals = Conformal(0.0, 0.5, 0.9, 200)  # even where the samples left no residual at all
    found = intervals.prediction(np.ones(3), np.array([0.0, 0.04, 4.0]))
    assert found.outside.tolist() == [False, True, True]
    assert np.log(found.high).tolist() == pytest.approx([0.0, 0.2, 2.0])


@settings(deadline=None)
@given(mean=st.floats(1e-9, 1e12), half_width=st.floats(0, 1e3), spread=st.floats(0, 10), beyond=st.floats(0, 1e6))
def test_an_interval_holds_its_mean_and_is_finite(mean: float, half_width: float, spread: float, beyond: float) -> None:
    found = Conformal(half_width, spread, 0.9, 100).prediction(np.array([mean]), np.array([beyond]))
    assert 0 < found.low[0] <= mean <= found.high[0] < np.inf
    assert np.log(found.high[0] / mean) <= MOST * (1 + 1e-9)


def test_intervals_come_back_from_a_file_and_damaged_ones_are_refused() -> None:
    intervals = conformal(np.arange(150) / 100, np.arange(150) / 10)
    assert Conformal.from_arrays(intervals.as_arrays()) == intervals
    for arrays in ({}, {"conformal": np.ones(3)}, {"conformal": np.full(4, np.nan)}):
        with pytest.raises(DataError, match="`conformal` is missing or damaged"):
            Conformal.from_arrays(arrays)


@pytest.mark.parametrize(
    ("residuals", "scales", "message"),
    [
        (np.zeros(0), None, "no residuals, or some are not finite"),
        (np.array([0.1, np.nan]), None, "no residuals, or some are not finite"),
        (np.array([0.1, 0.2]), np.array([1.0, 0.0]), "a scale is not above 0"),
    ],
)
def test_residuals_that_say_nothing_are_refused(residuals: FloatArray, scales: FloatArray | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        conformal(residuals, np.zeros(2), scales)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 90.0])
def test_a_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(ConfigError, match="confidence is a share between 0 and 1"):
        conformal(np.ones(3), np.ones(3), confidence=confidence)
