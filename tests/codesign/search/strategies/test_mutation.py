from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.strategies.mutation import genes_redrawn, mixed, one_gene_changed
from codesign.search.strategies.search_space import SearchSpace, keys

SPACE = SearchSpace((4, 1, 3, 2))


@given(st.integers(0, 200))
def test_one_gene_has_another_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    designs = SPACE.fresh(rng, 8, ())
    assert ((one_gene_changed(SPACE, designs, rng) != designs).sum(axis=1) == 1).all()


def test_nothing_can_change_where_every_gene_has_one_value() -> None:
    alone = np.zeros((2, 2), dtype=np.int64)
    assert (one_gene_changed(SearchSpace((1, 1)), alone, np.random.default_rng(0)) == alone).all()


def test_genes_are_redrawn_with_the_given_chance() -> None:
    space, rng = SearchSpace((50,) * 20), np.random.default_rng(0)
    designs = space.fresh(rng, 200, ())
    assert (genes_redrawn(space, designs, 0.0, rng) == designs).all()
    assert 0.07 < (genes_redrawn(space, designs, 0.1, rng) != designs).mean() < 0.13


def test_each_gene_of_a_mixture_is_from_one_of_its_parents() -> None:
    rng = np.random.default_rng(0)
    first, second = SPACE.fresh(rng, 12, ()), SPACE.fresh(rng, 12, ())
    child = mixed(SPACE, first, second, rng)
    assert ((child == first) | (child == second)).all()


def test_what_falls_into_a_hole_moves_to_a_listed_design_not_to_be_avoided() -> None:
    listed = np.array([[0, 0], [3, 3], [0, 3]])
    space, rng = SearchSpace((4, 4), designs=listed), np.random.default_rng(0)
    avoid = keys(listed[:2])
    found = one_gene_changed(space, np.tile(listed[0], (30, 1)), rng, avoid)
    assert {tuple(row) for row in found.tolist()} == {(0, 3)}
