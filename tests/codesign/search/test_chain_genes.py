"""codesign/search/chain_genes.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.chain_genes import MOST_BACKBONES, ChainGenes
from runtime.contract.arrays import IntArray

GENES = ChainGenes(((0, 1, 2), (1, 3)))
ROWS = st.tuples(*(st.integers(0, size - 1) for size in GENES.sizes)).map(np.asarray)


def test_a_row_holds_the_genes_of_three_backbones_and_how_many_there_are() -> None:
    assert GENES.sizes == (3, 2, 3, 2, 3, 2, MOST_BACKBONES)
    assert GENES.genomes(np.asarray([2, 0, 1, 1, 0, 0, 1])) == [(2, 1), (1, 3)]


@given(ROWS, ROWS)
def test_two_rows_have_one_key_where_and_only_where_they_are_the_same_backbones(
    one: np.ndarray, two: np.ndarray
) -> None:
    same = set(GENES.genomes(one)) == set(GENES.genomes(two))
    assert (GENES.keys(one[None]) == GENES.keys(two[None])) is same


@given(ROWS)
def test_the_canonical_row_is_the_same_chain_and_its_own_canonical_row(row: IntArray) -> None:
    canonical = GENES.canonical(row[None])
    assert sorted(set(GENES.genomes(row))) == GENES.genomes(canonical[0])
    np.testing.assert_array_equal(GENES.canonical(canonical), canonical)


@pytest.mark.parametrize("seed", range(3))
def test_the_first_rows_hold_the_largest_the_smallest_and_both_and_chains_of_every_length(seed: int) -> None:
    chains = [GENES.genomes(row) for row in GENES.first_rows(12, seed).astype(int)]
    assert chains[:3] == [[(2, 3)], [(0, 1)], [(0, 1), (2, 3)]]
    assert {len(chain) for chain in chains} == {1, 2, 3}


def test_chains_that_did_well_elsewhere_take_the_place_of_random_ones_where_their_values_are_offered() -> None:
    known = [[(1, 3)], [(1, 2)], [(0, 1), (1, 3)]]  # 2 is no value of the second gene here
    chains = [GENES.genomes(row) for row in GENES.first_rows(12, 0, known).astype(int)]
    assert chains[3:5] == [[(1, 3)], [(0, 1), (1, 3)]]


def test_of_many_known_chains_only_the_best_are_taken_so_that_half_stay_random() -> None:
    known = [[(number, 1)] for number in (0, 1, 2, 0, 1, 2)]
    assert np.array_equal(GENES.first_rows(8, 0, known)[4:], GENES.first_rows(8, 0, known[:1])[4:])


def test_chains_of_a_front_take_the_place_of_random_ones_evenly_spread_and_half_of_all_at_most() -> None:
    genes = ChainGenes(((0, 1, 2, 3, 4, 5, 6, 7),))
    front = [((place,),) for place in range(8)]
    rows = genes.first_rows(12, 3, front)
    random = genes.first_rows(12, 3)
    assert [genes.genomes(row.astype(int)) for row in rows[3:6]] == [[(0,)], [(3,)], [(7,)]]
    np.testing.assert_array_equal(rows[6:], random[6:])
    few = genes.first_rows(12, 3, front[:2])
    assert [genes.genomes(row.astype(int)) for row in few[3:5]] == [[(0,)], [(1,)]]
    np.testing.assert_array_equal(few[5:], random[5:])
