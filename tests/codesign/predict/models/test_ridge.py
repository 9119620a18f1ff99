"""codesign/predict/models/ridge.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.models.ridge import Ridge


def test_a_sum_without_noise_is_learnt_exactly() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(size=(60, 5))
    costs = 0.5 + inputs @ np.arange(5.0)
    assert Ridge().fit(inputs, costs, rng).weights == pytest.approx([0.5, 0, 1, 2, 3, 4], abs=1e-3)


def test_noise_is_shrunk_to_half_of_what_least_squares_make_of_it() -> None:
    rng = np.random.default_rng(0)
    ours, least_squares = [], []
    for _ in range(20):
        inputs, costs = rng.normal(size=(40, 30)), np.exp(0.1 * rng.normal(size=40))
        ours.append(Ridge().fit(inputs, costs, rng).weights[1:])
        least_squares.append(np.linalg.lstsq(inputs, costs - costs.mean(), rcond=None)[0])
    assert np.abs(ours).mean() < 0.5 * np.abs(least_squares).mean()


def test_more_inputs_than_samples_are_no_obstacle() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(120, 60))
    costs = 3.0 + 0.5 * inputs[:, 0]
    fitted = Ridge().fit(inputs[:40], costs[:40], rng)
    assert np.corrcoef(fitted.costs(inputs[40:]), costs[40:])[0, 1] > 0.5
