"""Tests of the fit of least relative error."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.house.least_error import least_error, left_out


@pytest.mark.parametrize("samples", [8, 40])  # fewer than features, and more
def test_a_left_out_sample_is_predicted_as_a_fit_without_it_does(samples: int) -> None:
    rng = np.random.default_rng(0)
    features, values, noise = rng.normal(size=(samples, 12)), rng.normal(size=samples), rng.uniform(0.1, 1, samples)
    residuals = left_out(features, values, noise)[1]
    for sample in (0, samples - 1):
        others = np.arange(samples) != sample
        weights = left_out(features[others], values[others], noise[others])[0]
        assert residuals[sample] == pytest.approx(values[sample] - features[sample] @ weights)


def test_both_ways_to_solve_agree() -> None:
    rng = np.random.default_rng(1)
    features, values, noise = rng.normal(size=(20, 20)), rng.normal(size=20), rng.uniform(0.1, 1, 20)
    wide, tall = np.concatenate([features, np.zeros((20, 1))], axis=1), features[:, :10]
    assert left_out(wide, values, noise)[0][:20] == pytest.approx(left_out(features, values, noise)[0])
    padded = np.concatenate([tall, np.zeros((20, 15))], axis=1)
    assert left_out(padded, values, noise)[1] == pytest.approx(left_out(tall, values, noise)[1])


def test_runs_that_took_twice_as_long_hardly_move_the_fit() -> None:
    rng = np.random.default_rng(2)
    features = np.column_stack([np.full(60, 2.0), rng.normal(size=60)])
    costs = 1.0 + 0.1 * features[:, 1]
    costs[:6] *= 2.0
    weights = least_error(features, costs, np.full(60, 0.1), level=1.0, spread=0.3).weights
    fitted = 1.0 + 0.3 * features @ weights
    assert fitted[6:] == pytest.approx(costs[6:], rel=0.02)


def test_a_run_that_failed_at_once_hardly_moves_the_fit() -> None:
    features = np.full((30, 1), 2.0)
    costs = np.ones(30)
    costs[0] = 0.001
    weights = least_error(features, costs, np.full(30, 0.1), level=1.0, spread=0.3).weights
    assert float(1.0 + 0.6 * weights[0]) == pytest.approx(1.0, rel=0.02)


def test_costs_without_any_noise_are_fitted_exactly() -> None:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(50, 3))
    costs = 2.0 + 0.1 * features @ [1.0, -1.0, 0.5]
    fit = least_error(features, costs, np.full(50, 0.01), level=2.0, spread=0.1)
    assert fit.predictions == pytest.approx(costs, rel=1e-4)
