from __future__ import annotations

import numpy as np

from codesign.search.pareto import hypervolume
from codesign.search.strategies.house import house
from codesign.search.strategies.protocol import Options, Strategy
from codesign.search.strategies.random_search import random_search
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray

SPACE = SearchSpace((4,) * 5)
REFERENCE = np.array([1.0, 30.0])


def worth(designs: IntArray) -> FloatArray:
    """Cost is a sum; error falls with it, and by an interplay of two genes."""
    cost = 1.0 + designs @ np.array([3.0, 2.0, 1.0, 2.0, 1.0])
    error = 1.0 / (1.5 + designs.sum(axis=1) + 3.0 * (designs[:, 1] == 1) * (designs[:, 4] == 3))
    return np.stack([error, cost], axis=1)


def searched(strategy: Strategy, evaluations: int, batch: int = 10) -> FloatArray:
    found = []
    while sum(map(len, found)) < evaluations:
        designs = strategy.ask(batch)
        found.append(worth(designs))
        strategy.tell(designs, found[-1], np.zeros(len(designs)))
    return np.concatenate(found)


def test_with_70_evaluations_it_dominates_more_than_chance_with_300() -> None:
    ours = searched(house(SPACE, 2, 0, Options()), 70)
    theirs = searched(random_search(SPACE, 2, 0, Options()), 300)
    assert hypervolume(ours, REFERENCE) >= hypervolume(theirs, REFERENCE)


def test_it_finds_the_best_design_within_a_constraint_that_it_must_learn() -> None:
    strategy = house(SPACE, 1, 0, Options())
    for _ in range(9):
        designs = strategy.ask(8)
        broken = np.maximum(worth(designs)[:, 1] - 14.0, 0.0)
        strategy.tell(designs, worth(designs)[:, :1], broken)
    best = strategy.record.values[strategy.record.feasible].min()
    everything = worth(SPACE.all())
    assert best == everything[everything[:, 1] <= 14.0, 0].min()


def test_three_objectives_are_searched_at_once() -> None:
    reference = np.array([1.0, 30.0, 4.0])
    found = {}
    for factory in (house, random_search):
        strategy: Strategy = factory(SPACE, 3, 0, Options())
        rows = []
        for _ in range(10):
            designs = strategy.ask(6)
            rows.append(np.column_stack([worth(designs), designs[:, 0]]))
            strategy.tell(designs, rows[-1], np.zeros(len(designs)))
        found[factory] = hypervolume(np.concatenate(rows), reference)
    assert found[house] > found[random_search]


def test_a_batch_is_not_made_of_near_copies() -> None:
    strategy = house(SPACE, 2, 0, Options())
    searched(strategy, 40)
    costs = worth(strategy.ask(10))[:, 1]
    assert np.ptp(costs) > 5.0


def test_a_search_resumed_between_two_tunings_goes_on_the_same() -> None:
    whole = house(SPACE, 2, 5, Options())
    searched(whole, 37, batch=4)
    resumed = house(SPACE, 2, 5, Options())
    record = whole.record
    resumed.tell(record.genomes, record.values, record.violations)
    for _ in range(3):
        asked = [strategy.ask(4) for strategy in (whole, resumed)]
        assert asked[0].tolist() == asked[1].tolist()
        for strategy in (whole, resumed):
            strategy.tell(asked[0], worth(asked[0]), np.zeros(4))
