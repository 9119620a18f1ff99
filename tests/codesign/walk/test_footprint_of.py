"""codesign/walk/footprint_of.py: what is predicted of a mode's files is what they come to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import pytest

from codesign.search.footprint import Footprint
from codesign.stages.cut import cut_into_stages
from codesign.walk.footprint_of import footprint_of
from tests.codesign.small_networks import cuts_of, design, exited_of, graph_of, small_exited_slice

NETWORK = small_exited_slice(design(1, 1, 1, 0, 1, 0, 1, 1, 0))
EXITED = exited_of(NETWORK)


def masks() -> Sequence[int]:
    return range(1 << len(EXITED.cuts))


@pytest.mark.parametrize("mask", masks())
def test_the_size_of_every_choice_of_exits_is_that_of_its_stages_within_three_per_cent(mask: int) -> None:
    kept = [cut for index, cut in enumerate(EXITED.cuts) if mask >> index & 1]
    written = sum(stage.ByteSize() for stage in cut_into_stages(EXITED.model, kept))
    counted = footprint_of(EXITED)
    backbone = np.zeros(counted.segment_file_bytes.size, dtype=np.int64)
    assert counted.file_bytes(backbone, np.array([mask]))[0] == pytest.approx(written, rel=0.03)


def test_weights_are_those_of_the_graph_and_more_is_alive_the_more_exits_are_kept() -> None:
    counted = footprint_of(EXITED)
    weights = sum(onnx.numpy_helper.to_array(weight).nbytes for weight in graph_of(NETWORK).graph.initializer)
    total = counted.segment_weight_bytes.sum() + counted.head_weight_bytes.sum()
    assert total == pytest.approx(weights, rel=0.01)
    assert counted.segment_weight_bytes.size == len(cuts_of(NETWORK)) + 1
    assert counted.head_alive_bytes[-1] == 0.0
    assert (counted.segment_alive_bytes > 0).all()
    assert isinstance(counted, Footprint)
