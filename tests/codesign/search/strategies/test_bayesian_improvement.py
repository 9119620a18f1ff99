from __future__ import annotations

import math

import numpy as np
import pytest

from codesign.search.strategies.bayesian_belief import Belief
from codesign.search.strategies.bayesian_improvement import log_expected_improvement, log_probability_below


def one(mean: float, deviation: float) -> Belief:
    return Belief(np.array([mean]), np.array([deviation]))


@pytest.mark.parametrize(("mean", "deviation", "best"), [(0.0, 1.0, 0.3), (2.0, 0.5, 1.0), (-3.0, 2.0, 0.0)])
def test_it_is_the_logarithm_of_the_mean_improvement(mean: float, deviation: float, best: float) -> None:
    drawn = np.random.default_rng(0).normal(mean, deviation, 2_000_000)
    expected = math.log(np.maximum(best - drawn, 0.0).mean())
    assert log_expected_improvement(one(mean, deviation), best)[0] == pytest.approx(expected, abs=0.02)


def test_both_formulas_agree_where_one_takes_over() -> None:
    around = -1.0 + np.array([-1e-9, 1e-9])
    found = log_expected_improvement(Belief(-around, np.ones(2)), 0.0)
    assert found[0] == pytest.approx(found[1], abs=1e-7)


def test_hopeless_designs_are_still_ordered() -> None:
    belief = Belief(np.array([10.0, 40.0, 400.0]), np.ones(3))
    found = log_expected_improvement(belief, 0.0)
    assert np.isfinite(found).all()
    assert found[0] > found[1] > found[2]


def test_a_design_that_is_all_but_known_is_as_much_better_as_it_is() -> None:
    assert log_expected_improvement(one(1.0, 1e-6), 3.0)[0] == pytest.approx(math.log(2.0))


def test_the_probability_of_being_below_is_half_at_the_limit() -> None:
    assert math.exp(log_probability_below(one(2.0, 0.7), 2.0)[0]) == pytest.approx(0.5)
    assert log_probability_below(one(100.0, 1.0), 0.0)[0] < -1000  # no rounding to zero
