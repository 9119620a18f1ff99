from __future__ import annotations

import numpy as np
import pytest

from codesign.search.pareto import hypervolume
from codesign.search.strategies.bayesian import Bayesian
from codesign.search.strategies.random_search import RandomSearch
from codesign.search.strategies.search_space import SearchSpace, keys
from runtime.contract.arrays import FloatArray, IntArray

SPACE = SearchSpace((5, 5, 5, 5))  # 625 designs
WEIGHTS = np.array([3.0, 1.0, 2.0, 1.0])


def error(designs: IntArray) -> FloatArray:
    """Least, 0, at one design of 625; two genes matter only together."""
    off = np.abs(designs - np.array([1, 4, 2, 0])) > 0
    found: FloatArray = off @ WEIGHTS + 2.0 * (off[:, 0] | off[:, 2])
    return found


def evaluations_until_best(strategy: Bayesian | RandomSearch, most: int = 625) -> int:
    for evaluation in range(1, most + 1):
        design = strategy.ask(1)
        value = error(design)
        if value[0] == 0:
            return evaluation
        strategy.tell(design, value[:, None], np.zeros(1))
    return most


def test_it_finds_the_best_of_625_designs_in_fewer_than_60_evaluations() -> None:
    assert max(evaluations_until_best(Bayesian(SPACE, 1, seed)) for seed in range(3)) < 60


def test_it_needs_a_small_part_of_what_random_search_needs() -> None:
    found = np.median([evaluations_until_best(Bayesian(SPACE, 1, seed)) for seed in range(3)])
    drawn = np.median([evaluations_until_best(RandomSearch(SPACE, 1, seed)) for seed in range(9)])
    assert found < 0.25 * drawn


def test_with_two_objectives_it_covers_more_of_the_front_than_random_search() -> None:
    def worth(designs: IntArray) -> FloatArray:
        return np.stack([error(designs), 1.0 + designs.sum(axis=1)], axis=1)

    reference = worth(SPACE.all()).max(axis=0)

    def volume(strategy: Bayesian | RandomSearch) -> float:
        seen = []
        for _ in range(8):
            designs = strategy.ask(5)
            seen.append(worth(designs))
            strategy.tell(designs, seen[-1], np.zeros(len(designs)))
        return hypervolume(np.concatenate(seen), reference)

    assert volume(Bayesian(SPACE, 2, 0)) > np.mean([volume(RandomSearch(SPACE, 2, seed)) for seed in range(5)])


def test_it_learns_which_designs_break_a_constraint() -> None:
    strategy = Bayesian(SPACE, 1, 0)
    broken = []
    for _ in range(40):
        design = strategy.ask(1)
        broken.append(float(design[0, 0] == 1))  # the best without constraints is among them
        strategy.tell(design, error(design)[:, None], np.array(broken[-1:]))
    assert sum(broken[20:]) <= 4


def test_while_nothing_is_feasible_it_looks_where_least_is_missing() -> None:
    strategy = Bayesian(SPACE, 1, 0)
    missing = []
    for _ in range(30):
        design = strategy.ask(1)
        missing.append(1.0 + float(design[0].sum()))
        strategy.tell(design, error(design)[:, None], np.array(missing[-1:]))
    assert np.mean(missing[-10:]) < np.mean(missing[:10])


def test_a_batch_does_not_pile_up_on_one_spot() -> None:
    strategy = Bayesian(SPACE, 1, 0)
    first = strategy.ask(10)
    strategy.tell(first, error(first)[:, None], np.zeros(10))
    batch = strategy.ask(6)
    assert len(set(keys(batch))) == 6
    assert len(np.unique(batch, axis=0)) == 6


def test_pending_designs_change_what_is_asked_next_but_not_whether() -> None:
    strategy = Bayesian(SPACE, 1, 0)
    first = strategy.ask(10)
    strategy.tell(first, error(first)[:, None], np.zeros(10))
    pending = [keys(strategy.ask(1))[0] for _ in range(8)]
    assert len(set(pending)) == 8


@pytest.mark.parametrize("objectives", [1, 2])
def test_a_search_resumed_after_parameters_were_tuned_many_times_goes_on_the_same(objectives: int) -> None:
    whole, told = Bayesian(SPACE, objectives, 3), []
    for _ in range(9):
        designs = whole.ask(3)
        values = np.stack([error(designs), 1.0 + designs.sum(axis=1)], axis=1)[:, :objectives]
        told.append((designs, values, (designs[:, 1] == 2).astype(float)))
        whole.tell(*told[-1])
    resumed = Bayesian(SPACE, objectives, 3)
    resumed.tell(*(np.concatenate(parts) for parts in zip(*told, strict=True)))
    assert whole.ask(3).tolist() == resumed.ask(3).tolist()


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_objectives_that_never_differ_are_no_trouble(objectives: int) -> None:
    strategy = Bayesian(SPACE, objectives, 0)
    for _ in range(3):
        designs = strategy.ask(5)
        assert len(designs) == 5
        strategy.tell(designs, np.ones((5, objectives)), np.zeros(5))
