from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.knapsack import solve_knapsack
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import InfeasibleError, ShapeError

NUMBERS = st.floats(0.0, 10.0, allow_nan=False) | st.integers(0, 4).map(float)  # the latter make ties
OPTIONS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=4)
LAYERS = st.lists(OPTIONS, min_size=1, max_size=5)


def columns(layers: list[list[tuple[float, float]]]) -> tuple[list[FloatArray], list[FloatArray]]:
    """Costs and weights of layers given as (cost, weight) pairs."""
    return [np.array([c for c, _ in layer]) for layer in layers], [np.array([w for _, w in layer]) for layer in layers]


def brute_force(layers: list[list[tuple[float, float]]], budget: float) -> float:
    """The least cost among all choices."""
    return min(
        (sum(c for c, _ in chosen) for chosen in product(*layers) if sum(w for _, w in chosen) <= budget + 1e-9),
        default=np.inf,
    )


@given(LAYERS, st.floats(0.0, 1.0))
def test_no_choice_within_the_budget_is_cheaper(layers: list[list[tuple[float, float]]], share: float) -> None:
    least = sum(min(w for _, w in layer) for layer in layers)
    most = sum(max(w for _, w in layer) for layer in layers)
    budget = least + share * (most - least)
    found = solve_knapsack(*columns(layers), budget)
    assert found.cost == pytest.approx(brute_force(layers, budget), abs=1e-9)
    assert found.weight <= budget + 1e-9
    taken = [layer[option] for layer, option in zip(layers, found.options, strict=True)]
    assert (found.cost, found.weight) == pytest.approx((sum(c for c, _ in taken), sum(w for _, w in taken)))


@given(LAYERS, st.floats(0.0, 20.0), st.floats(0.0, 20.0))
def test_a_larger_budget_never_costs_more(layers: list[list[tuple[float, float]]], budget: float, more: float) -> None:
    least = sum(min(w for _, w in layer) for layer in layers)
    tight, wide = (solve_knapsack(*columns(layers), least + room) for room in (budget, budget + more))
    assert wide.cost <= tight.cost + 1e-9


def test_all_take_their_cheapest_option_where_the_budget_allows_it() -> None:
    costs, weights = (
        [np.array([3.0, 1.0]), np.array([5.0, 2.0, 4.0])],
        [np.array([0.0, 2.0]), np.array([0.0, 7.0, 1.0])],
    )
    assert solve_knapsack(costs, weights, 9.0).options == (1, 1)


def test_of_equally_cheap_choices_the_lightest_is_taken() -> None:
    assert solve_knapsack([np.array([1.0, 1.0])], [np.array([5.0, 2.0])], 9.0).options == (1,)


def test_options_between_two_points_of_the_hull_are_found() -> None:
    # The relaxation would mix the first and the last option; only the middle one, above the hull, fits.
    assert solve_knapsack([np.array([10.0, 9.0, 0.0])], [np.array([0.0, 1.0, 2.0])], 1.5).options == (1,)


def test_a_negative_weight_makes_room_for_others() -> None:
    costs, weights = [np.array([0.0, 1.0]), np.array([3.0, 0.0])], [np.array([0.0, -1.0]), np.array([0.0, 1.0])]
    assert solve_knapsack(costs, weights, 0.0).options == (1, 1)


def test_a_hundred_layers_with_three_options_each_are_solved_at_once() -> None:
    rng = np.random.default_rng(0)
    costs = [np.sort(rng.uniform(size=3))[::-1].copy() for _ in range(100)]
    weights = [np.sort(rng.lognormal(size=3)) for _ in range(100)]
    budget = 0.5 * float(sum(w.min() for w in weights) + sum(w.max() for w in weights))
    found = solve_knapsack(costs, weights, budget)
    assert found.weight <= budget
    assert found.weight > 0.99 * budget


def test_no_layers_cost_nothing() -> None:
    assert solve_knapsack([], [], 0.0).options == ()


def test_a_budget_below_the_lightest_choice_is_refused() -> None:
    with pytest.raises(InfeasibleError, match=r"the lightest choice weighs 3, more than the budget of 2\n.*allow more"):
        solve_knapsack([np.array([1.0])], [np.array([3.0])], 2.0)


@pytest.mark.parametrize(
    ("costs", "weights", "message"),
    [
        ([np.ones(2)], [], "costs of 1 layers, weights of 0"),
        ([np.ones(2)], [np.ones(3)], r"layer 0 has costs \(2,\) and weights \(3,\)"),
        ([np.ones(0)], [np.ones(0)], "one of each per option"),
        ([np.array([np.nan])], [np.ones(1)], "a cost or a weight that is not finite"),
    ],
)
def test_columns_that_do_not_fit_are_refused(costs: list[FloatArray], weights: list[FloatArray], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        solve_knapsack(costs, weights, 1.0)
