"""codesign/predict/costs/gene_names.py"""

from __future__ import annotations

import pytest

from codesign.predict.costs.gene_names import feature_of, is_depth, place_of, units_of

from .tables import BLOCKS, CELL, LAYERS, OFA, OPERATIONS


@pytest.mark.parametrize(
    ("name", "feature", "place"),
    [
        ("kernel_3", "kernel", (3,)),
        ("kernel_2_0", "kernel", (2, 0)),
        ("op_2<-1", "op", (2, 1)),
        ("resolution", "resolution", ()),
        ("unit1_block2_kernel", "unit_block_kernel", (1, 2)),
        ("conv3x3_4", "conv3x3", (4,)),
        ("expand-ratio[7]", "expand_ratio", (7,)),
        ("5", "5", (5,)),
        ("größe_2", "größe", (2,)),
        ("g11", "g", (11,)),
    ],
)
def test_words_are_the_feature_and_numbers_the_place(name: str, feature: str, place: tuple[int, ...]) -> None:
    assert feature_of(name) == feature
    assert place_of(name) == place


def test_a_depth_is_a_feature_with_that_word() -> None:
    assert is_depth("depth")
    assert is_depth("stage_depth")
    assert not is_depth("depthwise")


def test_genes_are_dealt_out_to_as_many_units_as_there_are_depths() -> None:
    units = units_of(OFA, ())
    assert units[:20] == units[20:40] == tuple(block // 4 for block in range(20))
    assert units[40:] == (0, 1, 2, 3, 4, -1)


def test_of_two_numbers_the_first_is_the_unit() -> None:
    names = ("depth_1", "depth_2", "kernel_1_0", "kernel_1_1", "kernel_2_0", "kernel_2_1", "kernel_7_0")
    assert units_of(names, ()) == (0, 1, 0, 0, 1, 1, -1)


def test_a_gene_for_each_depth_lies_in_its_unit_and_an_odd_number_of_genes_in_none() -> None:
    names = ("depth_0", "depth_1", "kernel_0", "kernel_1", "width_0", "width_1", "width_2")
    assert units_of(names, ()) == (0, 1, 0, 1, -1, -1, -1)


def test_without_depths_each_number_is_a_unit() -> None:
    assert units_of(("kernel_4", "kernel_9", "expand_4", "expand_9", "resolution"), ()) == (0, 1, 0, 1, -1)


def test_a_cell_is_one_unit() -> None:
    assert units_of(CELL, OPERATIONS) == (0,) * 6


def test_layers_of_fbnet_lie_in_its_stages() -> None:
    assert units_of(LAYERS, BLOCKS) == (0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6)
    assert units_of(LAYERS, ("conv", "pool")) == tuple(range(22))
