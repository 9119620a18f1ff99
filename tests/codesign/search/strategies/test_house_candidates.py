from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.house_candidates import candidates
from codesign.search.strategies.record import Record
from codesign.search.strategies.search_space import SearchSpace, keys


def told(space: SearchSpace, count: int, objectives: int = 2) -> Record:
    record = Record(space, objectives, seed=0)
    designs = space.fresh(np.random.default_rng(0), count, ())
    values = np.stack([designs.sum(axis=1), -designs[:, 0]], axis=1).astype(float)
    record.tell(designs, values, np.zeros(len(designs)))
    return record


def test_of_a_small_space_all_that_is_not_taken() -> None:
    space = SearchSpace((3, 4))
    record = told(space, 5)
    asked = record.ask(space.fresh(np.random.default_rng(1), 2, record.taken))
    found = keys(candidates(record, np.random.default_rng(0)))
    assert len({*found}) == len(found) == 5
    assert not {*found} & {*keys(asked), *keys(record.genomes)}


def test_of_a_large_space_the_neighbours_of_the_front_are_among_them() -> None:
    record = told(SearchSpace((6,) * 12), 30)
    found = {*keys(candidates(record, np.random.default_rng(0)))}
    cheapest = record.genomes[record.values[:, 0].argmin()]
    assert {*keys(record.space.neighbours(cheapest))} <= found
    assert len(found) > 1500
    assert not found & record.taken


@pytest.mark.parametrize("listed", [5, 200])
def test_of_listed_designs_only_those(listed: int) -> None:
    whole = SearchSpace((6,) * 12)
    space = SearchSpace(whole.gene_sizes, designs=whole.fresh(np.random.default_rng(2), listed, ()))
    found = candidates(told(space, 5), np.random.default_rng(0))
    assert len(found) == listed - 5


def test_without_any_feasible_design_all_told_are_parents() -> None:
    space = SearchSpace((6,) * 12)
    record = Record(space, 1, seed=0)
    designs = space.fresh(np.random.default_rng(0), 3, ())
    record.tell(designs, np.ones((3, 1)), np.ones(3))
    found = {*keys(candidates(record, np.random.default_rng(0)))}
    assert {*keys(space.neighbours(designs[0]))} <= found
