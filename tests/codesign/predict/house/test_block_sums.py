"""Tests of sums over all blocks as mixes of counts."""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.encodings.counts import combination_counts
from codesign.predict.house.block_sums import sums_of_kinds, sums_of_numbers, units_of_counts

from .spaces import cell_genes, designs_of, unit_genes


def test_numbers_are_summed_over_all_blocks() -> None:
    genes = unit_genes()
    designs = designs_of(genes, 20, np.random.default_rng(0))
    counts = combination_counts(genes)
    blocks, kernels, expansions = (counts.features(designs) @ sums_of_numbers(counts)).T
    by_feature = {
        feature: designs[:, [gene for gene, of in enumerate(genes.features) if of == feature]]
        for feature in ("kernel", "expand", "depth")
    }
    assert np.array_equal(blocks, by_feature["depth"].sum(axis=1))
    assert np.array_equal(kernels, by_feature["kernel"].sum(axis=1))
    assert np.array_equal(expansions, by_feature["expand"].sum(axis=1))


def test_numbers_are_read_from_what_choices_are_called_and_a_skip_is_no_block() -> None:
    genes = Genes.named(["layer_0", "layer_1"], ("k3_e6", "k5_e1", "skip"))
    counts = combination_counts(genes)
    sums = counts.features(np.array([[0, 1], [1, 2]])) @ sums_of_numbers(counts)
    assert np.array_equal(sums, [[2, 8, 7], [1, 5, 1]])


def test_kinds_of_blocks_are_counted_over_units() -> None:
    genes = Genes.named(["layer_0", "layer_1"], ("k3_e6", "k5_e1", "skip"))
    counts = combination_counts(genes)
    assert np.array_equal(counts.features(np.array([[0, 0], [1, 2]])) @ sums_of_kinds(counts), [[2, 0, 0], [0, 1, 1]])


def test_one_unit_has_no_kinds_beside_its_counts() -> None:
    genes = Genes.named(["op_1<-0", "op_2<-0"], ("nothing", "left"))
    counts = combination_counts(genes)
    assert sums_of_kinds(counts).shape == (len(counts.columns), 0)


def test_counts_of_the_whole_network_belong_to_no_unit() -> None:
    counts = combination_counts(unit_genes())
    assert len(units_of_counts(counts)) == len(counts.columns) - len(counts.rest.columns)
    assert sorted(set(units_of_counts(combination_counts(cell_genes())))) == [0, 1, 2, 3]
