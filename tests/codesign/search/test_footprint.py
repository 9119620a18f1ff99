"""codesign/search/footprint.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.footprint import Footprint
from runtime.contract.errors import ShapeError
from tests.codesign.search.limited import footprint

BACKBONE = np.array([0, 0, 0, 1, 1])
TAKEN = Footprint.of_chain([footprint(0, 3), footprint(1, 2)])


def test_an_exit_more_takes_more_room_and_never_less_memory() -> None:
    masks = np.arange(16)
    size, memory = TAKEN.file_bytes(BACKBONE, masks), TAKEN.memory_bytes(BACKBONE, masks, 2)
    for bit in (1, 2, 4, 8):
        without = masks[masks & bit == 0]
        assert (size[without | bit] > size[without]).all()
        assert (memory[without | bit] >= memory[without]).all()


def test_a_backbone_without_an_exit_is_never_run_and_takes_nothing() -> None:
    alone = Footprint.of_chain([footprint(1, 2)])
    assert TAKEN.file_bytes(BACKBONE, np.array([0b1000])) == alone.file_bytes(np.array([0, 0]), np.array([1]))


def test_only_activations_grow_with_the_batch() -> None:
    one, four = (float(TAKEN.memory_bytes(BACKBONE, np.array([5]), batch)[0]) for batch in (1, 4))
    weights = four - 4 * (four - one) / 3
    kept = TAKEN.segment_weight_bytes.sum() + TAKEN.head_weight_bytes[[0, 2, 4]].sum()
    assert weights == pytest.approx(kept)


def test_numbers_of_another_count_of_candidates_are_refused() -> None:
    with pytest.raises(ShapeError, match="one number of each kind per candidate"):
        Footprint(*[np.zeros(3)] * 5, np.zeros(2))
