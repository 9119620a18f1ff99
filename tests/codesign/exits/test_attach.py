from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from codesign.backbones.slice_onnx import IR_VERSION, LOGITS, OPSET, GraphWriter
from codesign.exits.answers import onnx_session
from codesign.exits.attach import with_exits, write_entropy
from codesign.exits.head import Head
from codesign.exits.names import ENTROPY, exit_entropy, exit_logits
from runtime.contract.arrays import FloatArray
from runtime.contract.entropy import entropy_nats
from runtime.contract.errors import ConfigError
from tests.codesign.small_networks import (
    CLASSES,
    SPACE,
    backbone_graph,
    cuts_of,
    design,
    graph_of,
    random_batch,
    small_exited_slice,
)


def entropy_in_a_graph(logits: FloatArray) -> FloatArray:
    writer = GraphWriter()
    write_entropy(writer, "z", "entropy")
    graph = helper.make_graph(
        writer.nodes,
        "entropy",
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", logits.shape[1]])],
        [helper.make_tensor_value_info("entropy", TensorProto.FLOAT, ["batch"])],
        writer.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    found: FloatArray = onnx_session(model, 1).run(None, {"z": logits.astype(np.float32)})[0]
    return found


@pytest.mark.parametrize("scale", [0.0, 0.01, 1.0, 10.0, 100.0, 1e4, 1e8])
@pytest.mark.parametrize("classes", [2, 10, 100])
def test_the_entropy_in_a_graph_is_the_contracts_however_confident_the_logits(scale: float, classes: int) -> None:
    logits = (scale * np.random.default_rng(0).normal(size=(50, classes))).astype(np.float32)
    found = entropy_in_a_graph(logits)
    assert found.shape == (50,)
    np.testing.assert_allclose(found, entropy_nats(logits.astype(np.float64)), rtol=0, atol=1e-5)


def test_certain_logits_have_no_entropy_and_equal_ones_have_all_of_it() -> None:
    logits = np.asarray([[1e5, 0, 0, 0], [-1e5, -1e5, 0, -1e5], [3, 3, 3, 3], [1e30, 1e30, -1e30, 0]], np.float32)
    np.testing.assert_allclose(entropy_in_a_graph(logits), [0, 0, np.log(4), np.log(2)], rtol=0, atol=1e-6)


@pytest.mark.parametrize("genes", [(1, 0, 1, 0, 0, 0, 1, 0, 0), (0, 1, 1, 1, 1, 1, 1, 1, 0)])
def test_the_exits_of_the_graph_answer_what_torch_answers(genes: tuple[int, ...]) -> None:
    network, images = small_exited_slice(design(*genes)), random_batch(6, seed=4)
    model = graph_of(network)
    onnx.checker.check_model(model, full_check=True)
    cuts = cuts_of(network)
    session = onnx_session(model, 1)
    logits = session.run([*(exit_logits(cut) for cut in cuts), LOGITS], {"image": images.numpy()})
    entropies = session.run([*(exit_entropy(cut) for cut in cuts), ENTROPY], {"image": images.numpy()})
    with torch.no_grad():
        expected = network(images).numpy()
    for found, entropy, torch_logits in zip(logits, entropies, expected, strict=True):
        np.testing.assert_allclose(found, torch_logits, rtol=0, atol=1e-5)
        np.testing.assert_allclose(entropy, entropy_nats(found), rtol=0, atol=1e-5)


def test_attaching_leaves_the_backbone_as_it_was() -> None:
    network = small_exited_slice(SPACE.largest())
    backbone = backbone_graph(network)
    before = backbone.SerializeToString(deterministic=True)
    model = with_exits(backbone, dict(zip(cuts_of(network), network.heads_in_order, strict=True)))
    assert backbone.SerializeToString(deterministic=True) == before
    assert list(model.graph.initializer)[: len(backbone.graph.initializer)] == list(backbone.graph.initializer)
    assert list(model.graph.node)[: len(backbone.graph.node)] == list(backbone.graph.node)


def test_without_heads_the_graph_still_says_how_unsure_it_is() -> None:
    network = small_exited_slice(SPACE.smallest())
    model = with_exits(backbone_graph(network), {})
    assert [value.name for value in model.graph.output] == [LOGITS, ENTROPY]
    logits, entropy = onnx_session(model, 1).run([LOGITS, ENTROPY], {"image": random_batch().numpy()})
    np.testing.assert_allclose(entropy, entropy_nats(logits), rtol=0, atol=1e-5)


def test_outputs_keep_their_batch_free() -> None:
    outputs = onnx_session(graph_of(small_exited_slice(SPACE.smallest())), 1).get_outputs()
    assert {output.name: output.shape for output in outputs} == {
        LOGITS: ["batch", CLASSES],
        exit_logits("features_0_0"): ["batch", CLASSES],
        exit_entropy("features_0_0"): ["batch"],
        ENTROPY: ["batch"],
    }


def test_a_head_at_a_tensor_that_is_not_there_is_refused() -> None:
    network = small_exited_slice(SPACE.smallest())
    with pytest.raises(ConfigError, match="the graph has no tensor 'features_9_9' to attach a head to"):
        with_exits(backbone_graph(network), {"features_9_9": Head(8, CLASSES)})
