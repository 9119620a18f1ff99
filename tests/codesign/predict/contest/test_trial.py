"""codesign/predict/contest/trial.py"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from codesign.predict.contest.trial import TIMED_DESIGNS, Contender, trial
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays, Fitted
from codesign.predict.costs.splits import Split
from runtime.contract.arrays import FloatArray, IntArray

DESIGNS = np.arange(1, 41).reshape(40, 1)
COSTS = 2.0 * DESIGNS[:, 0].astype(float)
SPLIT = Split(np.arange(10), np.arange(10, 40))


@dataclass
class Doubling:
    """Knows the answer, and remembers what it was shown."""

    fitted_on: IntArray | None = None
    predicted: int = 0

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> Fitted:  # noqa: ARG002
        self.fitted_on = designs[:, 0]
        return self

    def predict(self, designs: IntArray) -> Prediction:
        self.predicted += len(designs)
        mean = 2.0 * designs[:, 0]
        return Prediction(mean, 0.9 * mean, 1.1 * mean, designs[:, 0] > 30, 0.9, calibrated=True)

    def as_arrays(self) -> Arrays:
        return {}

    def restored(self, arrays: Arrays) -> Fitted:  # noqa: ARG002
        return self


def test_a_trial_fits_on_the_training_rows_alone_and_judges_all_the_others() -> None:
    model = Doubling()
    found = trial(Contender("m", "e", lambda: model), DESIGNS, COSTS, SPLIT, np.random.default_rng(0), timed=False)
    assert model.fitted_on is not None
    assert model.fitted_on.tolist() == list(range(1, 11))
    assert model.predicted == 30
    assert (found.model, found.encoding, found.calibrated, found.predict_s) == ("m", "e", True, None)
    assert (found.scores.spearman, found.scores.mape, found.scores.coverage) == (pytest.approx(1.0), 0.0, 1.0)
    assert found.outside == pytest.approx(1 / 3)


def test_a_timed_trial_predicts_a_hundred_thousand_designs_more() -> None:
    model = Doubling()
    found = trial(Contender("m", "e", lambda: model), DESIGNS, COSTS, SPLIT, np.random.default_rng(0), timed=True)
    assert model.predicted == 30 + TIMED_DESIGNS
    assert found.predict_s is not None
    assert found.predict_s > 0
