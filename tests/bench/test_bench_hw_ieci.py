from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.search_space import SearchSpace
from tests.bench.bench_hw_ieci import ARMS, KNOWING, Problem, evaluations, problem, ratios, summary

SIZES = (4, 4, 4)
EVERY = SearchSpace(SIZES).all()
ACCURACY = 0.3 + 0.05 * EVERY.sum(axis=1)  # the dearer, the better
POWER = 1.0 + EVERY[:, 0] + EVERY[:, 1]
MEMORY_BYTES = 1.0 + 2.0 * EVERY[:, 2] + EVERY[:, 1]


@pytest.fixture(scope="module")
def small() -> Problem:
    return problem(ACCURACY, POWER.astype(float), MEMORY_BYTES, 0.3, SIZES)


def test_budgets_leave_at_least_the_share_of_cells(small: Problem) -> None:
    assert 0.3 <= small.kept.mean() < 0.5


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_reaches_the_best_cell_within_budget_of_a_small_table(small: Problem, arm: str) -> None:
    needed = evaluations(arm, small, 0, most=64)
    assert needed is not None
    assert 1 <= needed <= 64


def test_models_of_costs_that_add_up_are_the_table_itself(small: Problem) -> None:
    np.testing.assert_allclose(small.fitted(0)(EVERY), small.exact()(EVERY), atol=1e-6)


def test_seeds_that_did_not_get_there_count_as_the_most() -> None:
    found = summary([10, None, 30], most=100)
    assert found["median"] == 30.0
    assert found["not_reached"] == 1


def test_ratios_are_of_medians_of_arms_that_were_run() -> None:
    arms = {KNOWING[0]: {"median": 10.0}, "ei-bad-value": {"median": 40.0}}
    assert ratios(arms) == {f"{KNOWING[0]} / ei-bad-value": 0.25}
