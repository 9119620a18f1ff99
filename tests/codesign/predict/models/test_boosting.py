"""codesign/predict/models/boosting.py"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor

from codesign.predict.models.boosting import DEPTH, LEARNING_RATE, SHARE_OF_COLUMNS, SHARE_OF_SAMPLES, TREES, Boosting


def test_its_arrays_predict_what_the_library_does() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 4, size=(80, 6)).astype(np.float64)
    logs = rng.normal(size=80)
    seed = int(np.random.default_rng(3).integers(2**31))
    library = GradientBoostingRegressor(
        n_estimators=TREES,
        max_depth=DEPTH,
        learning_rate=LEARNING_RATE,
        subsample=SHARE_OF_SAMPLES,
        max_features=SHARE_OF_COLUMNS,
        init="zero",
        random_state=seed,
    ).fit(inputs, logs - logs.mean())
    fitted = Boosting().fit(inputs, np.exp(logs), np.random.default_rng(3))
    unseen = rng.uniform(-1, 5, size=(50, 6))
    assert np.log(fitted.costs(unseen)) == pytest.approx(logs.mean() + library.predict(unseen))


def test_it_learns_that_two_inputs_matter_only_together() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 2, size=(400, 5)).astype(np.float64)
    costs = 1.0 + inputs[:, 0] * inputs[:, 1]
    fitted = Boosting().fit(inputs[:300], costs[:300], rng)
    assert fitted.costs(inputs[300:]) == pytest.approx(costs[300:], rel=0.05)
