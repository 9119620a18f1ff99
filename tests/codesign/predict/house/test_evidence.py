"""Tests of prior variances by marginal likelihood."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from codesign.predict.house.evidence import REFUSED, _surprise, variances
from runtime.contract.arrays import FloatArray

SAMPLES = 60


def _made(rng: np.random.Generator, noise: float) -> tuple[list[FloatArray], FloatArray]:
    """Two linear kernels, of which only the first was at work."""
    features = rng.normal(size=(2, SAMPLES, 4)) / 2.0
    values = features[0] @ rng.normal(size=4) + noise * rng.normal(size=SAMPLES)
    return [one @ one.T for one in features], values


def _even(values: FloatArray) -> FloatArray:
    return np.ones_like(values)


def test_what_made_the_values_gets_the_variance() -> None:
    kernels, values = _made(np.random.default_rng(0), 0.05)
    found = variances(kernels, values, np.ones(SAMPLES), _even)
    assert found.kernels[0] > 30 * found.kernels[1]
    assert found.noise == pytest.approx(0.05**2, rel=0.6)


def test_a_few_wild_values_hardly_raise_the_noise() -> None:
    kernels, values = _made(np.random.default_rng(1), 0.05)
    calm = variances(kernels, values, np.ones(SAMPLES), _even)
    values[:3] += 5.0
    wild = variances(kernels, values, np.ones(SAMPLES), _even)
    assert wild.noise < 0.1 < values.var()
    assert wild.kernels[0] == pytest.approx(calm.kernels[0], rel=0.9)


def test_the_slopes_are_those_of_the_surprise() -> None:
    kernels, values = _made(np.random.default_rng(2), 0.1)
    flat, noise = np.stack(kernels).reshape(2, -1), np.linspace(0.5, 1.5, SAMPLES)
    typical = np.log([0.5, 0.5, 0.05])
    at = np.array([-1.0, 0.3, -2.0])
    off = check_grad(
        lambda logs: _surprise(logs, typical, flat, values, noise)[0],
        lambda logs: _surprise(logs, typical, flat, values, noise)[1],
        at,
    )
    assert off < 1e-4 * float(np.abs(_surprise(at, typical, flat, values, noise)[1]).max())


def test_variances_that_rounding_makes_no_covariance_are_refused_not_fatal() -> None:
    flat = -np.eye(4).reshape(1, -1)
    surprise, slopes = _surprise(np.zeros(2), np.zeros(2), flat, np.ones(4), np.zeros(4))
    assert surprise == REFUSED
    assert not slopes.any()
