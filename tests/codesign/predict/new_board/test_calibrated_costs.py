"""codesign/predict/new_board/calibrated_costs.py"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays, Fitted
from codesign.predict.new_board.calibrated_costs import from_mixture, from_one_proxy, from_predictor
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

PROXY = np.array([1.0, 2.0, 3.0, 5.0, 8.0])
MEASURED = np.array([0, 2, 4])


@dataclass(frozen=True, slots=True)
class Proportional:
    """Answers a multiple of the first gene; refuses fewer than `fewest` samples."""

    fewest: int
    factor: float = 0.0

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> Fitted:
        if len(designs) < self.fewest:
            raise DataError("too few")
        one = int(rng.integers(len(designs)))
        return Proportional(self.fewest, float(costs[one] / designs[one, 0]))

    def restored(self, arrays: Arrays) -> Fitted:
        return Proportional(self.fewest, float(arrays["factor"]))

    def as_arrays(self) -> Arrays:
        return {"factor": np.array(self.factor)}

    def predict(self, designs: IntArray) -> Prediction:
        mean = self.factor * designs[:, 0]
        return Prediction(mean, mean, mean, np.zeros(len(mean), dtype=bool), 0.9, False)


def test_a_board_three_times_slower_is_recognised() -> None:
    mean, _ = from_one_proxy(PROXY, MEASURED, 3.0 * PROXY[MEASURED])
    assert np.exp(mean) == pytest.approx(3.0 * PROXY)


def test_what_was_measured_is_certain_and_exact() -> None:
    target = np.array([2.0, 7.0, 30.0])
    for mean, deviation in (
        from_one_proxy(PROXY, MEASURED, target),
        from_mixture(np.stack([PROXY, PROXY**2]), MEASURED, target),
    ):
        assert np.exp(mean[MEASURED]) == pytest.approx(target)
        assert (deviation[MEASURED] == 0).all()
        assert (deviation[[1, 3]] > 0).all()


def test_a_worse_fit_is_less_certain() -> None:
    good = from_one_proxy(PROXY, MEASURED, 3.0 * PROXY[MEASURED])[1]
    bad = from_one_proxy(PROXY, MEASURED, np.array([3.0, 1.0, 9.0]))[1]
    assert bad[1] > good[1]


def test_a_mixture_of_boards_is_found_between_them() -> None:
    proxies = np.stack([PROXY, PROXY[::-1] + 1.0])
    target = np.sqrt(proxies.prod(axis=0))
    mean, _ = from_mixture(proxies, MEASURED, target[MEASURED])
    assert np.exp(mean) == pytest.approx(target, rel=0.02)


def test_a_predictor_answers_in_costs() -> None:
    designs = np.array([[1], [2], [3], [4], [5]])
    found = from_predictor(Proportional(2), designs, MEASURED, np.array([2.0, 6.0, 10.0]), np.random.default_rng(0))
    assert found is not None
    assert np.exp(found[0]) == pytest.approx(2.0 * designs[:, 0])


def test_a_predictor_may_refuse() -> None:
    designs = np.ones((5, 1), dtype=np.int64)
    assert from_predictor(Proportional(4), designs, MEASURED, np.ones(3), np.random.default_rng(0)) is None
