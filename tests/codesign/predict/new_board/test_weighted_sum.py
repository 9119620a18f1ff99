"""codesign/predict/new_board/weighted_sum.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.predict.new_board.weighted_sum import best_of_weighted_sum, cost_weights

ACCURACY = np.array([0.5, 0.6, 0.68, 0.7])
COST = np.array([[1.0, 2.0, 4.0, 9.0]])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=3))
def test_weights_are_legal_whatever_the_dials(dials: list[float]) -> None:
    weights = cost_weights(np.array(dials))
    assert (weights >= 0).all()
    assert weights.sum() <= 1 + 1e-9


@given(st.floats(0, 1))
def test_with_one_cost_the_dial_is_t(dial: float) -> None:
    assert cost_weights(np.array([dial]))[0] == pytest.approx(dial)


def test_the_ends_are_the_most_accurate_and_the_cheapest() -> None:
    assert best_of_weighted_sum(ACCURACY, COST, np.array([0.0])) == 3
    assert best_of_weighted_sum(ACCURACY, COST, np.array([1.0])) == 0


def test_a_larger_dial_never_selects_a_costlier_design() -> None:
    chosen = [COST[0, best_of_weighted_sum(ACCURACY, COST, np.array([dial]))] for dial in np.linspace(0, 1, 101)]
    assert (np.diff(chosen) <= 0).all()


def test_units_do_not_matter() -> None:
    for dial in np.linspace(0, 1, 11):
        dials = np.array([dial])
        assert best_of_weighted_sum(ACCURACY, COST, dials) == best_of_weighted_sum(100 * ACCURACY, 1e-3 * COST, dials)


def test_of_equally_good_designs_the_cheaper_is_taken() -> None:
    assert best_of_weighted_sum(np.array([0.7, 0.7]), np.array([[2.0, 1.0]]), np.array([0.0])) == 1
