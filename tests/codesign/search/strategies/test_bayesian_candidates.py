from __future__ import annotations

import numpy as np

from codesign.search.strategies.bayesian_candidates import candidates
from codesign.search.strategies.search_space import LISTED, SearchSpace, keys
from runtime.contract.arrays import BoolArray, IntArray

NONE = np.zeros((0, 3), dtype=np.int64)
WIDE = SearchSpace((9,) * 12)


def even(designs: IntArray) -> BoolArray:
    found: BoolArray = designs.sum(axis=1) % 2 == 0
    return found


def test_of_a_small_space_everything_free_and_allowed_is_a_candidate() -> None:
    space = SearchSpace((3, 4, 5))
    taken = set(keys(space.all()[:10]))
    found = candidates(space, np.random.default_rng(0), taken, NONE, even)
    expected = {key for key in keys(space.all()[even(space.all())]) if key not in taken}
    assert set(keys(found)) == expected
    assert len(found) == len(expected)


def test_of_a_large_space_they_are_the_parents_neighbours_and_draws_without_repeats() -> None:
    parent = np.full((1, 12), 4)
    found = candidates(WIDE, np.random.default_rng(0), set(), parent, most=300)
    assert len(found) == 300
    assert len(set(keys(found))) == 300
    assert set(keys(WIDE.neighbours(parent[0]))) <= set(keys(found))
    assert keys(parent)[0] in keys(found)


def test_what_is_taken_is_no_candidate() -> None:
    parent = np.full((1, 12), 4)
    found = candidates(WIDE, np.random.default_rng(0), set(keys(parent)), parent, most=300)
    assert keys(parent)[0] not in keys(found)


def test_where_random_draws_hit_nothing_allowed_a_space_that_can_be_listed_is() -> None:
    space = SearchSpace((2,) * 16)
    assert space.combinations <= LISTED

    def last(designs: IntArray) -> BoolArray:
        found: BoolArray = (designs == 1).all(axis=1)
        return found

    found = candidates(space, np.random.default_rng(0), set(), np.zeros((0, 16), dtype=np.int64), last, most=4)
    assert found.tolist() == [[1] * 16]


def test_none_are_found_where_none_is_allowed() -> None:
    found = candidates(
        SearchSpace((3, 3, 3)),
        np.random.default_rng(0),
        set(),
        NONE,
        lambda designs: np.zeros(len(designs), dtype=bool),
    )
    assert found.shape == (0, 3)
