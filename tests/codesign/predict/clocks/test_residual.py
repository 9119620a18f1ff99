"""codesign/predict/clocks/residual.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks import residual
from codesign.predict.clocks.residual import fit_residuals


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_smooth_residual_is_learned_between_its_cells() -> None:
    at = np.linspace(-2, 2, 12)[:, None]
    found = fit_residuals([(at, 0.1 * np.sin(at[:, 0]))], rng())[0]
    between = np.array([[-1.1], [0.3], [1.6]])
    assert found.at(between) == pytest.approx(0.1 * np.sin(between[:, 0]), abs=0.01)


def test_far_from_every_cell_there_is_no_correction() -> None:
    at = np.linspace(-2, 2, 12)[:, None]
    found = fit_residuals([(at, 0.1 * np.sin(at[:, 0]))], rng())[0]
    assert abs(found.at(np.array([[500.0]]))[0]) < 1e-6


def test_noise_is_not_learned() -> None:
    points = rng().normal(size=(60, 2))
    noise = np.random.default_rng(1).normal(scale=0.02, size=60)
    found = fit_residuals([(points, noise)], rng())[0]
    assert np.abs(found.at(np.random.default_rng(2).normal(size=(40, 2)))).mean() < 0.01


def test_a_workload_keeps_to_its_own_cells() -> None:
    at = np.linspace(-2, 2, 10)[:, None]
    up, down = fit_residuals([(at, np.full(10, 0.1)), (at, np.full(10, -0.1))], rng())
    assert up.at(at).min() > 0.08
    assert down.at(at).max() < -0.08


def test_the_gradient_of_what_is_minimised_is_its_slope() -> None:
    points, left = rng().normal(size=(9, 2)), np.random.default_rng(1).normal(scale=0.1, size=9)
    prior, at = np.zeros(4), np.array([-1.0, -2.0, 0.3, -0.2])
    _, gradient = residual._surprise(at, prior, [(points, left)])
    for place, step in enumerate(1e-5 * np.eye(4)):
        above, below = (residual._surprise(at + sign * step, prior, [(points, left)])[0] for sign in (1, -1))
        assert gradient[place] == pytest.approx((above - below) / 2e-5, rel=1e-4)


def test_many_cells_are_thinned_and_still_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(residual, "CELLS_TO_TUNE_ON", 20)
    monkeypatch.setattr(residual, "CELLS_TO_KEEP", 30)
    monkeypatch.setattr(residual, "BLOCK", 7)
    at = np.linspace(-2, 2, 100)[:, None]
    found = fit_residuals([(at, 0.1 * np.sin(at[:, 0]))], rng())[0]
    assert len(found.points) == 30
    assert found.at(at) == pytest.approx(0.1 * np.sin(at[:, 0]), abs=0.01)
