"""codesign/stages/entropy_apart.py"""

from __future__ import annotations

import numpy as np

from codesign.exits.answers import onnx_session
from codesign.stages.cut import cut_into_stages
from codesign.stages.entropy_apart import with_entropy, without_entropy
from tests.codesign.small_networks import SPACE, cuts_of, graph_of, random_batch, small_exited_slice

NETWORK = small_exited_slice(SPACE.largest())
STAGE = cut_into_stages(graph_of(NETWORK), cuts_of(NETWORK)[:1])[0]


def test_without_it_a_stage_keeps_nothing_that_only_the_entropy_needed() -> None:
    bare = without_entropy(STAGE)
    assert [value.name for value in bare.graph.output] == [cuts_of(NETWORK)[0], "logits"]
    assert "LogSoftmax" not in {node.op_type for node in bare.graph.node}
    read = {name for node in bare.graph.node for name in node.input}
    assert {weight.name for weight in bare.graph.initializer} <= read


def test_taken_off_and_put_back_it_is_the_same() -> None:
    images = {"image": random_batch(3).numpy()}
    names = ["logits", "entropy"]
    again = onnx_session(with_entropy(without_entropy(STAGE)), 1).run(names, images)
    for found, expected in zip(again, onnx_session(STAGE, 1).run(names, images), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
