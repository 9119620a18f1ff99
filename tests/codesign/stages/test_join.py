"""codesign/stages/join.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.exits.answers import onnx_session
from codesign.stages.cut import cut_into_stages
from codesign.stages.join import joined
from runtime.contract.errors import ConfigError
from tests.codesign.small_networks import SPACE, cuts_of, graph_of, random_batch, small_exited_slice

NETWORK = small_exited_slice(SPACE.largest())
GRAPH, CUTS = graph_of(NETWORK), cuts_of(NETWORK)
STAGES = cut_into_stages(GRAPH, CUTS)


def test_what_was_cut_and_joined_answers_the_same_at_every_exit() -> None:
    names = [value.name for value in GRAPH.graph.output]
    again = joined(STAGES, CUTS)
    assert {value.name for value in again.graph.output} == set(names)
    images = {"image": random_batch(3).numpy()}
    for found, expected in zip(
        onnx_session(again, 1).run(names, images), onnx_session(GRAPH, 1).run(names, images), strict=True
    ):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_what_was_joined_can_be_cut_at_some_of_its_exits() -> None:
    stages = cut_into_stages(joined(STAGES, CUTS), CUTS[1:2])
    assert [[value.name for value in stage.graph.input] for stage in stages] == [["image"], [CUTS[1]]]


def test_nodes_in_any_order_are_sorted() -> None:
    shuffled = cut_into_stages(GRAPH, CUTS)
    for stage in shuffled:
        nodes = list(stage.graph.node)[::-1]
        del stage.graph.node[:]
        stage.graph.node.extend(nodes)
    images = {"image": random_batch(2).numpy()}
    found = onnx_session(joined(shuffled, CUTS), 1).run(["logits"], images)[0]
    np.testing.assert_allclose(found, onnx_session(GRAPH, 1).run(["logits"], images)[0], rtol=0, atol=1e-5)


def test_another_number_of_cuts_is_refused() -> None:
    with pytest.raises(ConfigError, match=f"{len(STAGES)} stages are joined at {len(STAGES) - 1} cuts, got 0"):
        joined(STAGES, [])


def test_stages_of_different_opsets_are_refused() -> None:
    stages = cut_into_stages(GRAPH, CUTS)
    stages[0].opset_import[0].version = 18
    with pytest.raises(ConfigError, match=r"stages of opsets \[17, 18\] cannot be one graph"):
        joined(stages, CUTS)
