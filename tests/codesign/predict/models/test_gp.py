"""codesign/predict/models/gp.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.models.gp import CENTRES, GaussianProcess


def test_a_straight_line_is_followed_beyond_the_samples() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(size=(60, 3))
    fitted = GaussianProcess().fit(inputs, 1.0 + 0.3 * inputs.sum(axis=1), rng)
    assert fitted.costs(np.full((1, 3), 1.5)) == pytest.approx(1.0 + 0.3 * 4.5, rel=0.05)


def test_what_bends_is_learnt_too() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, size=(150, 2))
    costs = 1.0 + 0.5 * inputs[:, 0] * inputs[:, 1] + 0.2 * np.sin(3 * inputs[:, 0])
    fitted = GaussianProcess().fit(inputs[:100], costs[:100], rng)
    assert fitted.costs(inputs[100:]) == pytest.approx(costs[100:], rel=0.05)


def test_however_many_samples_there_are_so_many_centres_are_stored() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(size=(CENTRES + 100, 2))
    fitted = GaussianProcess().fit(inputs, 1.0 + inputs[:, 0] ** 2, rng)
    assert fitted.heights.shape == (CENTRES,)
    assert fitted.costs(inputs) == pytest.approx(1.0 + inputs[:, 0] ** 2, rel=0.01)


def test_samples_measured_twice_are_no_obstacle() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(size=(20, 2)).repeat(2, axis=0)
    costs = 1.0 + inputs[:, 0] + 0.01 * rng.normal(size=40)
    assert GaussianProcess().fit(inputs, costs, rng).costs(inputs) == pytest.approx(costs, rel=0.1)
