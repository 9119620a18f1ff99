from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.strategies.search_space import SearchSpace, keys
from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError, DataError, ShapeError

SPACE = SearchSpace((3, 1, 2))
HOLES = SearchSpace((4, 4), designs=np.array([[0, 0], [1, 3], [3, 1]]))


def last_absent(designs: IntArray) -> IntArray:
    written = designs.copy()
    written[designs[:, 0] == 0, 2] = 0
    return written


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
def test_all_lists_every_combination_once(sizes: list[int]) -> None:
    space = SearchSpace(tuple(sizes))
    listed = space.all()
    assert len({*keys(listed)}) == len(listed) == space.combinations
    space.check(listed)


@given(st.integers(0, 50), st.integers(1, 12))
def test_fresh_designs_are_distinct_and_none_is_taken(seed: int, count: int) -> None:
    taken = {*keys(SPACE.all()[::2])}
    drawn = keys(SPACE.fresh(np.random.default_rng(seed), count, taken))
    assert len({*drawn}) == len(drawn) == min(count, 3)
    assert not taken & {*drawn}


def test_fresh_designs_of_a_space_too_large_to_list_are_found() -> None:
    space = SearchSpace((9,) * 22)
    assert len(space.fresh(np.random.default_rng(0), 50, ())) == 50


def test_a_space_of_which_all_is_taken_has_nothing_fresh() -> None:
    assert SPACE.fresh(np.random.default_rng(0), 3, keys(SPACE.all())).shape == (0, 3)
    assert HOLES.fresh(np.random.default_rng(0), 3, keys(HOLES.all())).shape == (0, 2)


def test_designs_are_written_in_canonical_form() -> None:
    space = SearchSpace((3, 1, 2), last_absent)
    assert space.legal(np.array([[0, 0, 1], [1, 0, 1]])).tolist() == [[0, 0, 0], [1, 0, 1]]
    assert len(space.all()) == 5


def test_what_falls_into_a_hole_moves_to_the_nearest_listed_design() -> None:
    # (1, 1) differs in one gene from (1, 3) and (3, 1), by two each: the first listed; (0, 1) is near (0, 0).
    assert HOLES.legal(np.array([[1, 1], [0, 1], [3, 1]])).tolist() == [[1, 3], [0, 0], [3, 1]]


def test_the_nearest_design_to_be_avoided_gives_way_to_the_next() -> None:
    avoid = {*keys(np.array([[1, 3]]))}
    assert HOLES.legal(np.array([[1, 1], [1, 3]]), avoid).tolist() == [[3, 1], [1, 3]]
    assert HOLES.legal(np.array([[1, 1]]), keys(HOLES.all())).tolist() == [[1, 3]]


def test_neighbours_differ_in_one_gene() -> None:
    assert SPACE.neighbours(np.array([1, 0, 0])).tolist() == [[0, 0, 0], [2, 0, 0], [1, 0, 1]]
    assert len(SearchSpace((1, 1)).neighbours(np.array([0, 0]))) == 0


def test_neighbours_among_listed_designs_are_the_nearest_where_none_differs_in_one_gene() -> None:
    assert HOLES.neighbours(np.array([0, 0])).tolist() == [[1, 3], [3, 1]]
    near = SearchSpace((4, 4), designs=np.array([[0, 0], [0, 3], [3, 3]]))
    assert near.neighbours(np.array([0, 0])).tolist() == [[0, 3]]


@pytest.mark.parametrize(
    ("designs", "error", "message"),
    [
        (np.array([[0, 0]]), ShapeError, r"designs must be whole numbers \(n, 3\), got int64 \(1, 2\)"),
        (np.array([[0.0, 0.0, 1.0]]), ShapeError, "got float64"),
        (np.array([[0, 0, 1], [0, 1, 0]]), DataError, "gene 1 of design 1 is 1, but it has 1 values"),
        (np.array([[-1, 0, 0]]), DataError, "gene 0 of design 0 is -1"),
    ],
)
def test_what_is_no_design_of_the_space_is_refused(designs: IntArray, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SPACE.check(designs)


def test_a_space_without_genes_or_designs_is_refused() -> None:
    with pytest.raises(ConfigError, match="a space needs genes with at least one value each, got sizes"):
        SearchSpace(())
    with pytest.raises(ConfigError, match=r"got sizes \[3, 0\]"):
        SearchSpace((3, 0))
    with pytest.raises(DataError, match="the space lists no designs"):
        SearchSpace((3,), designs=np.zeros((0, 1), dtype=np.int64))


def test_a_space_too_large_to_be_listed_says_so() -> None:
    with pytest.raises(ConfigError, match="a space of 387,420,489 combinations is too large to be listed"):
        SearchSpace((9,) * 9).all()
