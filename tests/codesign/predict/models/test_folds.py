"""codesign/predict/models/folds.py"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.predict.models.folds import folds_of, out_of_fold
from codesign.predict.models.least_squares import NonNegativeLeastSquares


@given(st.lists(st.integers(0, 12), min_size=2, max_size=60), st.integers(2, 10), st.integers(0, 99))
def test_a_network_is_in_one_fold_and_no_fold_is_empty(numbers: list[int], count: int, seed: int) -> None:
    networks = np.unique(numbers, return_inverse=True)[1]
    folds = folds_of(networks, count, np.random.default_rng(seed))
    assert all(len(set(folds[networks == network])) == 1 for network in set(networks))
    assert set(folds) == set(range(min(count, int(networks.max()) + 1)))


def test_folds_of_networks_measured_once_are_even() -> None:
    assert set(np.bincount(folds_of(np.arange(23), 5, np.random.default_rng(0)))) == {4, 5}


def test_a_sample_is_predicted_without_having_been_seen() -> None:
    inputs, costs = np.zeros((4, 1)), np.array([1.0, 1.0, 1.0, 9.0])
    predicted = out_of_fold(NonNegativeLeastSquares(), inputs, costs, np.arange(4), np.random.default_rng(0))
    assert predicted[3] == 1.0
    assert predicted[0] > 1.0
