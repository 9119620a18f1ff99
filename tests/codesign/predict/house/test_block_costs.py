"""Tests of costs per block."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.training_range import TrainingRange
from codesign.predict.house.block_costs import block_costs
from runtime.contract.arrays import FloatArray, IntArray

from .spaces import cell_genes, costs_of, designs_of, unit_genes

TABLE = np.array([[0.0, 1.0, 4.0], [2.0, 2.5, 2.0], [0.0, 0.0, 3.0], [1.0, 0.0, 0.5]])


def _sum_of_table(designs: IntArray) -> FloatArray:
    total: FloatArray = 10.0 + TABLE[np.arange(4), designs].sum(axis=1)
    return total


def test_costs_that_are_sums_are_found_exactly() -> None:
    rng = np.random.default_rng(0)
    designs = designs_of_all(rng)
    found = block_costs(TrainingRange.of(cell_genes(), designs), _sum_of_table, rng)
    assert found.error < 1e-9
    assert found.base == pytest.approx(12.0)  # the cheapest value of each gene is in the base
    for of_gene, true in zip(found.added, TABLE, strict=True):
        assert of_gene == pytest.approx(true - true.min(), abs=1e-9)
    assert found.total(designs) == pytest.approx(_sum_of_table(designs))


def test_no_block_costs_less_than_nothing_and_the_error_says_what_a_sum_misses() -> None:
    rng, genes = np.random.default_rng(0), unit_genes()
    seen = TrainingRange.of(genes, designs_of(genes, 200, rng))
    found = block_costs(seen, lambda designs: costs_of(genes, designs), rng)
    assert found.base >= 0
    assert all((of_gene >= 0).all() for of_gene in found.added)
    assert 0.001 < found.error < 0.1  # a product of resolution and blocks is no sum


def test_only_values_that_were_seen_are_asked_for() -> None:
    rng, asked = np.random.default_rng(0), []

    def costs(designs: IntArray) -> FloatArray:
        asked.append(designs)
        return _sum_of_table(designs)

    designs = designs_of_all(rng)
    designs = designs[designs[:, 2] != 2]
    found = block_costs(TrainingRange.of(cell_genes(), designs), costs, rng)
    assert not (asked[0][:, 2] == 2).any()
    assert found.added[2][2] == 0


def designs_of_all(rng: np.random.Generator) -> IntArray:
    return rng.integers(3, size=(100, 4))
