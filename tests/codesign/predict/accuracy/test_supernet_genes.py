"""Genomes as designs that encodings read, and designs cut short at an exit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.predict.accuracy.supernet_genes import all_positions, cut_after, designs_of, has_exit, supernet_genes
from codesign.predict.encodings.counts import combination_counts
from codesign.space.backbone_space import exit_positions
from runtime.contract.errors import DataError, ShapeError
from tests.codesign.predict.accuracy.spaces import SIZES, SPACE


def test_a_stage_is_a_unit_of_equal_blocks_that_its_depth_counts() -> None:
    genes = supernet_genes(SPACE)
    assert genes.names[:5] == ("resolution", "width_0", "depth_0", "kernel_0", "expansion_0")
    assert genes.units == (-1, 0, 0, 0, 0, 1, 1, 1, 1)
    assert [genes.repeats_of(unit) for unit in (0, 1)] == [2, 6]
    counts = combination_counts(genes)
    largest = counts.features(designs_of(SPACE, [tuple(size - 1 for size in SIZES)]))[0]
    assert dict(zip(counts.columns, largest, strict=True))["unit 1: width 24, kernel 5, expansion 4"] == 3.0


def test_designs_hold_the_values_that_indices_stand_for() -> None:
    assert designs_of(SPACE, [(2, 0, 1, 0, 1, 1, 2, 0, 0)]).tolist() == [[32, 8, 2, 3, 2, 24, 3, 3, 2]]


@pytest.mark.parametrize("genomes", [[], [(0,) * 8], [(0,) * 9, (0,) * 10]])
def test_genomes_of_another_length_or_none_are_refused(genomes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ShapeError, match=r"genomes of space 'made-up' must be \(9,\) each, and at least one"):
        designs_of(SPACE, genomes)


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_that_a_gene_does_not_have_is_refused(index: int) -> None:
    with pytest.raises(DataError, match=rf"gene stage0.width of genome 1 has 2 choices, got index {index}"):
        designs_of(SPACE, [(0,) * 9, (0, index, *(0,) * 7)])


@given(st.tuples(*(st.integers(0, size - 1) for size in SIZES)))
def test_a_backbone_has_an_exit_exactly_where_the_space_offers_one(genome: tuple[int, ...]) -> None:
    offered = exit_positions(SPACE, SPACE.decode(np.asarray(genome)))
    designs = designs_of(SPACE, [genome])
    assert offered == tuple(position for position in all_positions(SPACE) if has_exit(SPACE, designs, position)[0])


def test_designs_that_are_alike_up_to_an_exit_are_the_same_once_cut_there() -> None:
    two = designs_of(SPACE, [(1, 1, 0, 0, 1, 0, 2, 0, 0), (1, 1, 1, 0, 1, 1, 0, 1, 1)])
    cut = cut_after(two, (0, 0))
    assert cut.tolist() == [[24, 16, 1, 3, 2, 0, 0, 0, 0]] * 2
    assert cut_after(two, (1, 0))[0].tolist() == [24, 16, 1, 3, 2, 16, 1, 3, 2]
    assert two[0, 6] == 3  # what was given is left as it was
