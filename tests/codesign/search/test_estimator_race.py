"""codesign/search/estimator_race.py"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays, Fitted
from codesign.search.estimator_race import LIVE, Course, ReplayedBoard, estimated, live
from codesign.search.table_evolution import WholeSpace
from runtime.contract.arrays import FloatArray, IntArray

GENOME = np.array(list(product(range(4), repeat=3)))
COSTS_S = 1e-3 * (1.0 + GENOME.sum(axis=1))
ACCURACY = 0.5 + GENOME @ [0.05, 0.03, 0.01]


class Sum:
    """Fits a slope to the sum of the genes: exact here."""

    slope = 0.0

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> Fitted:  # noqa: ARG002
        self.slope = float((costs / (1.0 + designs.sum(axis=1))).mean())
        return self

    def predict(self, designs: IntArray) -> Prediction:
        mean = self.slope * (1.0 + designs.sum(axis=1))
        return Prediction(mean, mean, mean, np.zeros(len(mean), dtype=bool), 0.9, calibrated=False)

    def as_arrays(self) -> Arrays:
        return {}

    def restored(self, arrays: Arrays) -> Fitted:  # noqa: ARG002
        return self


def course() -> Course:
    return Course(GENOME, ACCURACY, COSTS_S, 8, 10, WholeSpace(GENOME))


def board(noise: float = 0.0) -> ReplayedBoard:
    return ReplayedBoard(COSTS_S, noise, 100, 2.0, np.random.default_rng(0))


def test_a_measurement_takes_its_set_up_and_its_runs() -> None:
    measured = board()
    measured.measure(np.array([0, 63]))
    assert measured.measurements == 2
    assert measured.took_s == pytest.approx(2 * 2.0 + 100 * (COSTS_S[0] + COSTS_S[63]))


def test_live_measurement_pays_for_every_candidate_and_errs_by_its_noise_alone() -> None:
    lap = live(course(), board(), seed=0)
    assert (lap.method, lap.rmse_s) == (LIVE, 0.0)
    assert lap.measuring_s > 2.0 * lap.measurements
    assert lap.measurements > 16
    noisy = live(course(), board(noise=0.02), seed=0)
    assert noisy.rmspe == pytest.approx(0.02, rel=0.4)


def test_a_predictor_pays_for_its_samples_and_for_the_front_it_proposes() -> None:
    lap = estimated("sum", course(), board(), Sum, np.array([0, 21, 42, 63]), seed=0)
    assert lap.rmse_s == pytest.approx(0.0, abs=1e-12)
    assert 4 < lap.measurements < 30
    assert lap.search_s == lap.measuring_s + lap.computing_s
    assert 0.9 < lap.hypervolume <= 1.0
