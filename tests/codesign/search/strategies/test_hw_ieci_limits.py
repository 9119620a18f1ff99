from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.hw_ieci_limits import KnownLimit, KnownLimits, LinearCost
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, ShapeError

SPACE = SearchSpace((4, 4, 4, 4))


def power_w(designs: IntArray) -> FloatArray:
    return 2.0 + designs.sum(axis=1)


def memory_bytes(designs: IntArray) -> FloatArray:
    return 1e6 * (1.0 + designs[:, 0] * designs[:, 1])


def limits(power: float = 6.0, memory: float = 3e6) -> KnownLimits:
    return KnownLimits((KnownLimit("power", "W", power, power_w), KnownLimit("memory", "bytes", memory, memory_bytes)))


@pytest.mark.parametrize("most", [0.0, -1.0, float("nan")])
def test_a_budget_must_be_positive(most: float) -> None:
    with pytest.raises(ConfigError, match="the budget of power is"):
        limits(power=most)


def test_no_limits_at_all_are_refused() -> None:
    with pytest.raises(ConfigError, match="no limit is given"):
        KnownLimits(())


def test_violations_are_the_overruns_relative_to_the_budgets() -> None:
    known = limits(power=4.0, memory=2e6)
    designs = np.array([[0, 0, 0, 0], [1, 2, 1, 2]])
    assert known(designs).tolist() == pytest.approx([0.0, (8.0 / 4.0 - 1.0) + (3e6 / 2e6 - 1.0)])


def test_a_violation_that_a_model_cannot_tell_is_infinite() -> None:
    known = KnownLimits((KnownLimit("power", "W", 4.0, lambda designs: np.full(len(designs), np.nan)),))
    assert known(SPACE.all()[:2]).tolist() == [np.inf, np.inf]


def test_a_linear_model_learns_a_cost_that_adds_up_from_a_few_designs() -> None:
    rows = np.random.default_rng(0).permutation(256)[:25]
    model = LinearCost.fitted(SPACE.all()[rows], power_w(SPACE.all()[rows]), SPACE.gene_sizes)
    np.testing.assert_allclose(model(SPACE.all()), power_w(SPACE.all()))


def test_a_linear_model_needs_a_cost_for_each_design() -> None:
    with pytest.raises(ShapeError, match=r"4 designs need as many costs, got \(3,\)"):
        LinearCost.fitted(SPACE.all()[:4], np.zeros(3), SPACE.gene_sizes)
