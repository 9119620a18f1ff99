"""Means, deviations and files of a linear posterior."""

import numpy as np
import pytest

from codesign.predict.transfer.linear_posterior import LinearPosterior
from runtime.contract.errors import DataError


def _posterior() -> LinearPosterior:
    return LinearPosterior(
        weights=np.array([[1.0, 3.0], [0.0, 0.0]]),
        odds=np.array([0.5, 0.5]),
        own=np.array([0.25, 0.0]),
        shared=np.array([[0.0], [2.0]]),
        learnt=np.array([[0.0], [1.0]]),
        noise=np.array([0.01]),
    )


def test_mean_is_the_blend_and_variance_adds_disagreement_ignorance_and_noise() -> None:
    mean, deviation = _posterior().at(np.array([[1.0, 1.0]]))
    np.testing.assert_allclose(mean, 2.0)
    np.testing.assert_allclose(deviation**2, 1.0 + 0.25 + 4.0 - 1.0 + 0.01)


def test_in_other_units_means_and_deviations_follow() -> None:
    features = np.array([[1.0, 1.0]])
    mean, deviation = _posterior().at(features)
    scaled = _posterior().in_units(10.0, np.array([[0.0], [5.0]])).at(features)
    np.testing.assert_allclose(scaled[0], 10.0 * mean + 5.0)
    np.testing.assert_allclose(scaled[1], 10.0 * deviation)


def test_what_is_read_back_is_the_same() -> None:
    again = LinearPosterior.from_arrays(_posterior().as_arrays(), columns=2)
    np.testing.assert_array_equal(again.at(np.eye(2)), _posterior().at(np.eye(2)))


@pytest.mark.parametrize("columns", [2, 3])
def test_damaged_arrays_or_those_of_another_basis_are_refused(columns: int) -> None:
    arrays = _posterior().as_arrays()
    if columns == 2:
        arrays["posterior_weights"] = np.zeros(2)
    with pytest.raises(DataError, match="`posterior_weights` is missing or damaged"):
        LinearPosterior.from_arrays(arrays, columns)


@pytest.mark.parametrize("part", ["odds", "noise"])
def test_arrays_that_disagree_are_refused(part: str) -> None:
    arrays = {**_posterior().as_arrays(), f"posterior_{part}": np.array([0.2, 0.3, 0.5])}
    with pytest.raises(DataError, match="arrays `posterior_…` disagree"):
        LinearPosterior.from_arrays(arrays, columns=2)
