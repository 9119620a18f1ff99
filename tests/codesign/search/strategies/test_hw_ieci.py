from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.search.strategies.hw_ieci import hw_ieci
from codesign.search.strategies.hw_ieci_limits import KnownLimit, KnownLimits
from codesign.search.strategies.protocol import Options, Strategy
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, InfeasibleError, ShapeError

SPACE = SearchSpace((4, 4, 4, 4))
LARGE = SearchSpace((9,) * 20)


def power_w(designs: IntArray) -> FloatArray:
    return 2.0 + designs.sum(axis=1)


def memory_bytes(designs: IntArray) -> FloatArray:
    return 1e6 * (1.0 + designs[:, 0] * designs[:, 1])


def limits(power: float = 6.0, memory: float = 3e6) -> KnownLimits:
    return KnownLimits((KnownLimit("power", "W", power, power_w), KnownLimit("memory", "bytes", memory, memory_bytes)))


def made(space: SearchSpace, known: KnownLimits, seed: int = 0) -> Strategy:
    return hw_ieci(space, 1, seed, Options(known_violation=known))


def asked(strategy: Strategy, evaluations: int, batch: int = 1) -> IntArray:
    found = []
    for _ in range(evaluations // batch):
        designs = strategy.ask(batch)
        found.append(designs)
        strategy.tell(designs, -designs.sum(axis=1, dtype=float)[:, None], np.zeros(len(designs)))  # the costly is good
    return np.concatenate(found)


@given(power=st.floats(2.5, 15.0), memory=st.floats(1e6, 1e7), seed=st.integers(0, 100))
@settings(max_examples=15, deadline=None)
def test_no_design_is_proposed_whose_predicted_power_or_memory_is_over_budget(
    power: float, memory: float, seed: int
) -> None:
    found = asked(made(SPACE, limits(power, memory), seed), 12, batch=3)
    assert (power_w(found) <= power).all()
    assert (memory_bytes(found) <= memory).all()


def test_neither_is_one_of_a_space_too_large_to_be_listed() -> None:
    found = asked(made(LARGE, limits(power=40.0)), 24, batch=6)
    assert len(found) == 24
    assert (power_w(found) <= 40.0).all()
    assert (memory_bytes(found) <= 3e6).all()


def test_designs_that_random_draws_never_hit_are_reached_downhill() -> None:
    found = asked(made(LARGE, limits(power=12.0)), 6, batch=2)
    assert len(found) == 6
    assert (power_w(found) <= 12.0).all()


def test_it_finds_the_best_design_within_budget() -> None:
    found = asked(made(SPACE, limits()), 20)
    assert power_w(found).max() == 6.0


def test_a_design_on_the_budget_is_within_it() -> None:
    known = limits(power=2.0)  # met by the smallest design alone
    assert made(SPACE, known).ask(5).tolist() == [[0, 0, 0, 0]]


def test_all_designs_within_budget_are_proposed_before_it_ends() -> None:
    every = SPACE.all()
    strategy = made(SPACE, limits(power=3.0))
    found = [strategy.ask(4) for _ in range(3)]
    assert sum(len(designs) for designs in found) == int((power_w(every) <= 3.0).sum())
    assert found[-1].shape == (0, 4)


def test_a_prediction_that_is_no_number_is_not_within_budget() -> None:
    known = KnownLimits((KnownLimit("power", "W", 9.0, lambda rows: np.where(rows[:, 0] == 0, np.nan, power_w(rows))),))
    assert (asked(made(SPACE, known), 12)[:, 0] > 0).all()


def test_without_known_models_it_says_what_does_without() -> None:
    with pytest.raises(ConfigError, match=r"needs models of power or memory[\s\S]*use strategy bayesian"):
        hw_ieci(SPACE, 1, 0, Options())


def test_an_empty_feasible_set_names_the_limit_that_nothing_meets_and_the_nearest_design() -> None:
    message = (
        r"none of the space's 256[\s\S]*tightest constraint is power: the nearest design needs 2 W of 1\.5 W"
        r"[\s\S]*allow 2 W of power"
    )
    with pytest.raises(InfeasibleError, match=message):
        made(SPACE, limits(power=1.5))


def test_of_limits_that_only_together_nothing_meets_the_one_the_nearest_design_breaks_most_is_named() -> None:
    known = KnownLimits(
        (
            KnownLimit("power", "W", 4.0, power_w),
            KnownLimit("latency", "s", 1.0, lambda designs: 10.0 - designs.sum(axis=1)),  # the other way round
        )
    )
    with pytest.raises(InfeasibleError, match=r"tightest constraint is power[\s\S]*or more of the others"):
        made(SPACE, known)


def test_of_a_space_too_large_to_be_listed_it_says_how_many_it_looked_at() -> None:
    with pytest.raises(InfeasibleError, match=r"none of 8 looked at[\s\S]*needs 2 W of 1\.5 W"):
        made(LARGE, limits(power=1.5))


def test_constraints_without_names_are_refused_by_how_much_they_are_missed() -> None:
    known = Options(known_violation=lambda designs: 1.0 + designs.sum(axis=1))
    with pytest.raises(InfeasibleError, match="the nearest misses them by 1"):
        hw_ieci(SPACE, 1, 0, known)


def test_known_constraints_must_answer_for_each_design() -> None:
    with pytest.raises(ShapeError, match=r"the known constraints answered \(1,\) for 256 designs"):
        hw_ieci(SPACE, 1, 0, Options(known_violation=lambda _designs: np.zeros(1)))
