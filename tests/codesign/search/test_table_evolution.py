"""codesign/search/table_evolution.py"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from codesign.search.table_evolution import WholeSpace, evolve
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

GENOME = np.array(list(product((0, 1, 2), (3, 5, 7), (1, 4))))[np.random.default_rng(0).permutation(18)]


def test_every_genome_is_found_in_its_row() -> None:
    space = WholeSpace(GENOME)
    places = np.column_stack([np.searchsorted(np.unique(column), column) for column in GENOME.T])
    assert space.rows(places).tolist() == list(range(18))


@pytest.mark.parametrize("left", [17, 1])
def test_a_table_with_holes_is_refused(left: int) -> None:
    genome = np.concatenate([GENOME[:left], [[9, 9, 9]]]) if left == 1 else GENOME[:left]
    with pytest.raises(DataError, match=r"the table holds \d+ designs of a space of"):
        WholeSpace(genome)


def test_the_search_asks_for_each_row_once_and_finds_the_best_of_both() -> None:
    asked: list[int] = []
    accuracy = GENOME.sum(axis=1) / 20.0

    def estimate(rows: IntArray) -> FloatArray:
        asked.extend(rows.tolist())
        cost: FloatArray = 1.0 + GENOME[rows].sum(axis=1) ** 2
        return cost

    met = evolve(WholeSpace(GENOME), accuracy, estimate, population=6, generations=12, seed=0)
    assert sorted(asked) == sorted(set(asked)) == sorted(met.tolist())
    assert {int(accuracy.argmax()), int(accuracy.argmin())} <= set(met.tolist())


def test_the_same_seed_meets_the_same_rows() -> None:
    def once(seed: int) -> list[int]:
        accuracy = GENOME.sum(axis=1) / 20.0
        return evolve(WholeSpace(GENOME), accuracy, lambda rows: 1.0 + GENOME[rows, 0], 4, 3, seed).tolist()

    assert once(1) == once(1)
    assert once(1) != once(2)
