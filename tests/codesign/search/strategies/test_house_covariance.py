from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.house_covariance import (
    COUNTS,
    EMBEDDED,
    INTERPLAY,
    LINEAR,
    NOISE,
    RATES,
    Covariance,
)

SIZES = (3, 5, 3, EMBEDDED + 1)
COVARIANCE = Covariance(SIZES)
DESIGNS = np.random.default_rng(0).integers(SIZES, size=(9, 4))


def shaken(seed: int) -> np.ndarray:
    middle, _ = COVARIANCE.prior()
    found: np.ndarray = middle + 0.2 * np.random.default_rng(seed).standard_normal(len(middle))
    return found


def test_parameters_hold_points_of_values_for_genes_with_few_values_only() -> None:
    middle, deviations = COVARIANCE.prior()
    assert len(middle) == len(deviations) == RATES + 4 + 3 * 3 + 5 * 5


@pytest.mark.parametrize("seed", range(3))
def test_it_is_a_covariance(seed: int) -> None:
    own = COVARIANCE.between(shaken(seed), DESIGNS, DESIGNS)
    assert np.allclose(own, own.T)
    assert np.linalg.eigvalsh(own).min() > -1e-9
    assert np.allclose(np.diag(own), COVARIANCE.of_one(shaken(seed)))


@pytest.mark.parametrize("seed", range(3))
def test_its_slope_is_that_of_small_steps(seed: int) -> None:
    parameters = shaken(seed)
    weights = np.random.default_rng(seed).standard_normal((9, 9))
    weights += weights.T

    def value(at: np.ndarray) -> float:
        own = COVARIANCE.between(at, DESIGNS, DESIGNS) + np.exp(at[NOISE]) * np.eye(9)
        return float((weights * own).sum())

    steps = 1e-6 * np.eye(len(parameters))
    numeric = [(value(parameters + step) - value(parameters - step)) / 2e-6 for step in steps]
    assert np.allclose(COVARIANCE.slope(parameters, DESIGNS, weights), numeric, atol=1e-6)


def only(part: int) -> np.ndarray:
    parameters, _ = COVARIANCE.prior()
    found: np.ndarray = parameters.copy()
    found[[LINEAR, INTERPLAY, COUNTS]] = -50.0
    found[part] = 0.0
    return found


def test_the_linear_part_counts_genes_that_agree() -> None:
    designs = np.array([[0, 0, 0, 0], [0, 1, 0, 0]])
    assert np.allclose(COVARIANCE.between(only(LINEAR), designs, designs), [[2.0, 1.75], [1.75, 2.0]])


def test_the_count_part_does_not_see_which_gene_has_a_value() -> None:
    swapped = np.array([[0, 0, 2, 0], [2, 0, 0, 0], [2, 0, 2, 0]])
    alike = COVARIANCE.between(only(COUNTS), swapped[:1], swapped)[0]
    assert np.isclose(alike[1], alike[0])
    assert alike[2] < alike[0]


def test_values_learnt_to_be_near_make_designs_alike() -> None:
    covariance = Covariance((3, 3))
    parameters, _ = covariance.prior()
    points = np.array([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [2.0, 0.0, 0.0]])
    parameters = np.concatenate([parameters[: RATES + 2], points.ravel()])
    near, far = covariance.between(parameters, np.array([[0, 0]]), np.array([[1, 0], [2, 0]]))[0]
    assert near > far
