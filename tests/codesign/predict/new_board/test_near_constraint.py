"""codesign/predict/new_board/near_constraint.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.new_board.near_constraint import chance_to_keep, next_to_measure

MEAN = np.log(np.array([1.0, 2.0, 3.0]))


def test_a_cost_at_the_limit_keeps_it_half_the_time() -> None:
    chance = chance_to_keep([(MEAN, np.full(3, 0.1))], np.array([2.0]))
    assert chance == pytest.approx([1.0, 0.5, 0.0], abs=1e-3)


def test_a_measured_cost_keeps_it_or_does_not() -> None:
    assert chance_to_keep([(MEAN, np.zeros(3))], np.array([2.0])).tolist() == [1.0, 1.0, 0.0]


def test_every_limit_must_be_kept() -> None:
    estimates = [(MEAN, np.full(3, 0.1)), (MEAN[::-1], np.full(3, 0.1))]
    assert chance_to_keep(estimates, np.array([2.0, 2.0])) == pytest.approx([0.0, 0.25, 0.0], abs=1e-3)


def test_a_likely_gain_beats_a_larger_unlikely_one() -> None:
    assert next_to_measure(np.array([0.5, 0.6, 0.9]), 0.5, np.array([1.0, 0.9, 0.01]), []) == 1


def test_nothing_is_measured_twice_and_no_gain_ends_it() -> None:
    accuracy, chance = np.array([0.5, 0.6, 0.4]), np.ones(3)
    assert next_to_measure(accuracy, 0.5, chance, [1]) is None


def test_while_nothing_keeps_the_limits_the_likeliest_is_taken() -> None:
    assert next_to_measure(np.array([0.9, 0.1]), None, np.array([0.1, 0.2]), []) == 1
