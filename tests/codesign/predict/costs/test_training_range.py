"""codesign/predict/costs/training_range.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.training_range import TrainingRange
from runtime.contract.errors import DataError

from .tables import BLOCKS, LAYERS

GENES = Genes.named(
    ("kernel_0_0", "kernel_0_1", "depth_0", "resolution"), values=[(3, 5, 7)] * 2 + [(1, 2), (128, 224)]
)
SEEN = TrainingRange.of(GENES, np.array([[3, 5, 2, 128], [3, 3, 1, 192]]))


@pytest.mark.parametrize(
    ("design", "beyond"),
    [
        ([3, 5, 2, 128], 0.0),
        ([3, 3, 2, 160], 0.0),  # a resolution between two that were seen
        ([5, 3, 2, 192], 0.0),  # seen in the unit's other block
        ([3, 7, 1, 192], 0.0),  # the block is absent
        ([7, 3, 2, 192], 0.25),
        ([7, 7, 2, 192], 0.50),
        ([3, 3, 2, 224], 0.25),  # half a range beyond
        ([3, 3, 2, 320], 1.00),  # two ranges beyond: 4 of 4
        ([3, 3, 2, 0], 1.00),
        ([999, 3, 2, 128], 0.25),
    ],
)
def test_a_design_is_as_far_outside_as_its_genes_are(design: list[int], beyond: float) -> None:
    assert SEEN.beyond(np.array([design])).tolist() == [beyond]


def test_a_choice_never_seen_in_a_stage_is_outside() -> None:
    seen = TrainingRange.of(Genes.named(LAYERS, BLOCKS), np.zeros((1, 22), dtype=int))
    design = np.zeros((1, 22), dtype=int)
    assert seen.beyond(design).tolist() == [0.0]
    design[0, 4] = 8
    assert seen.beyond(design).tolist() == [1 / 22]


def test_what_it_was_made_of_is_inside() -> None:
    designs = np.random.default_rng(0).integers(0, 9, (30, 22))
    assert not TrainingRange.of(Genes.named(LAYERS, BLOCKS), designs).beyond(designs).any()


def test_it_comes_back_from_a_file_and_a_damaged_one_is_refused() -> None:
    again = TrainingRange.from_arrays(GENES, SEEN.as_arrays())
    np.testing.assert_array_equal(again.seen, SEEN.seen)
    descending = np.array([[2, 1]] * 4)
    for damaged in (None, np.ones((3, 9), int), np.ones((4, 0), int), np.ones((4, 9)), np.ones(4, int), descending):
        with pytest.raises(DataError, match="`seen_values` is missing or damaged"):
            TrainingRange.from_arrays(GENES, {} if damaged is None else {"seen_values": damaged})


def test_small_and_unsigned_integers_do_not_wrap_around_and_large_values_take_no_room() -> None:
    genes = Genes.named(("resolution", "bytes"))
    seen = TrainingRange.of(genes, np.array([[128, 10**9], [160, 10**12]]))
    assert seen.beyond(np.array([[224, 255]], dtype=np.uint8)).tolist() == [(4 + 1) / 2]
    assert seen.beyond(np.array([[144, 10**10]])).tolist() == [0.0]
    assert seen.seen.shape == (2, 2)


def test_no_designs_are_no_range() -> None:
    with pytest.raises(DataError, match="no designs to fit on"):
        TrainingRange.of(GENES, np.zeros((0, 4), dtype=int))
