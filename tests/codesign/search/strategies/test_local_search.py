from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from codesign.search.strategies.local_search import pareto_local_search, scalarised_local_search
from codesign.search.strategies.protocol import Factory, Options, Strategy
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray

SPACE = SearchSpace((4, 4, 4, 4))
BOTH = pytest.mark.parametrize("factory", [pareto_local_search, scalarised_local_search])


def searched(strategy: Strategy, evaluations: int, worth: Callable[[IntArray], FloatArray]) -> IntArray:
    met = []
    while sum(map(len, met)) < evaluations:
        designs = strategy.ask(4)
        met.append(designs)
        strategy.tell(designs, worth(designs), np.zeros(len(designs)))
    return np.concatenate(met)


@BOTH
def test_all_neighbours_of_the_start_come_first(factory: Factory) -> None:
    strategy = factory(SPACE, 1, 0, Options())
    met = searched(strategy, 13, lambda designs: designs.sum(axis=1, keepdims=True).astype(float))
    assert ((met[1:13] != met[0]).sum(axis=1) == 1).all()


@BOTH
def test_it_climbs_to_the_best_of_a_landscape_without_other_tops(factory: Factory) -> None:
    strategy = factory(SPACE, 1, 1, Options())
    met = searched(strategy, 80, lambda designs: ((designs - 2.0) ** 2).sum(axis=1, keepdims=True))
    assert [2, 2, 2, 2] in met.tolist()


def test_the_pareto_kind_finds_a_whole_front_and_then_starts_anew() -> None:
    def worth(designs: IntArray) -> FloatArray:
        return np.stack([designs.sum(axis=1), 12.0 - designs.sum(axis=1)], axis=1)

    met = searched(pareto_local_search(SPACE, 2, 0, Options()), 256, worth)
    assert len({tuple(row) for row in met.tolist()}) == 256


def test_while_all_break_constraints_it_moves_to_where_they_are_broken_less() -> None:
    strategy = pareto_local_search(SPACE, 1, 0, Options())
    least = []
    for _ in range(12):
        designs = strategy.ask(16)
        broken = 1.0 + designs.sum(axis=1)
        least.append(float(broken.min()))
        strategy.tell(designs, np.zeros((len(designs), 1)), broken)
    assert min(least) == 1.0
