"""codesign/predict/encodings/block_features.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.encodings.block_features import OPERATION, choice_features, unit_blocks
from tests.codesign.predict.costs.tables import BLOCKS, OPERATIONS

from .spaces import GENES


def test_features_of_choices_are_read_from_their_names() -> None:
    assert choice_features(("skip", "k3_e6", "k5_e1_g2")) == {"k": (0, 3, 5), "e": (0, 6, 1), "g": (0, 0, 2)}
    assert set(choice_features(BLOCKS)) == {"k", "e", "g"}


def test_names_that_tell_no_numbers_tell_no_features() -> None:
    assert choice_features(OPERATIONS) == {}
    assert choice_features(("k3_e6", "mystery")) == {}
    assert choice_features(("skip", "none")) == {}


def test_blocks_are_read_per_unit_and_absent_ones_are_zero() -> None:
    first, second = unit_blocks(GENES["resnet"], whole_choices=False)
    design = GENES["resnet"].canonical(np.array([[3, 5, 7, 3, 3, 3, 1, 2, 3, 1, 1, 2, 2, 3]]))
    assert first.features == ("kernel", "expand")
    assert first.values == ((3, 5, 7), (1, 2, 3))
    assert first.of(design).tolist() == [[[3, 1], [5, 2], [0, 0]]]
    assert second.of(design).tolist() == [[[3, 1], [3, 1], [3, 2]]]
    assert first.times(design).tolist() == [1]


def test_the_only_block_of_a_unit_stands_there_as_often_as_its_depth_says() -> None:
    units = unit_blocks(GENES["densenet"], whole_choices=False)
    design = np.array([[5, 3, 1, 4, 2, 1]])
    assert [unit.of(design).tolist() for unit in units] == [[[[5]]], [[[3]]], [[[1]]]]
    assert [unit.times(design).tolist() for unit in units] == [[4], [2], [1]]


def test_a_feature_with_one_gene_in_a_unit_belongs_to_all_of_its_blocks() -> None:
    genes = Genes.named(("depth_0", "kernel_0_0", "kernel_0_1", "width_0"), values=[(1, 2), (3, 5), (3, 5), (16, 24)])
    (unit,) = unit_blocks(genes, whole_choices=False)
    designs = genes.canonical(np.array([[2, 3, 5, 24], [1, 3, 5, 16]]))
    assert unit.features == ("kernel", "width")
    assert unit.of(designs).tolist() == [[[3, 24], [5, 24]], [[3, 16], [0, 0]]]


def test_features_with_unlike_numbers_of_genes_are_blocks_of_their_own() -> None:
    units = unit_blocks(GENES["units of two sorts"], whole_choices=False)
    assert [unit.features for unit in units] == [("width",), ("kernel",), ("se",)]


def test_zero_is_a_value_where_the_first_block_can_have_it() -> None:
    genes = Genes.named(("se_0_0", "kernel_0_0", "se_0_1", "kernel_0_1"), values=[(0, 1), (3,), (0, 1), (0, 3)])
    (unit,) = unit_blocks(genes, whole_choices=False)
    assert dict(zip(unit.features, unit.values, strict=True)) == {"se": (0, 1), "kernel": (3,)}
    assert unit.of(np.array([[0, 3, 0, 0]])).tolist() == [[[0, 3], [0, 0]]]


def test_a_choice_is_one_operation_where_its_name_says_no_more() -> None:
    (cell,) = unit_blocks(GENES["nas-bench-201"], whole_choices=False)
    assert cell.features == (OPERATION,)
    assert cell.of(np.array([[0, 1, 2, 3, 4, 0]])).tolist() == [[[1], [2], [3], [4], [5], [1]]]
    assert unit_blocks(GENES["fbnet"], whole_choices=True)[1].features == (OPERATION,)
