"""One stage as a callable."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from runtime.contract.entropy import entropy_nats
from runtime.contract.errors import ConfigError, EngineError
from runtime.engine.stage import Stage
from tests.tiny_cascade import CLASSES, Net, fresh_stage, trunk_stages


def test_outputs_come_as_features_then_logits_then_entropy() -> None:
    stage = Stage(trunk_stages()[0], where="stage 0")
    image = np.random.default_rng(0).normal(size=(2, 3, 12, 16)).astype(np.float32)
    body, branch, logits, entropy = stage({"image": image})
    assert stage.outputs == ("body", "branch", "logits", "entropy")
    assert (body.shape, branch.shape) == ((2, 8, 12, 16), (2, 8, 12, 16))
    assert logits.shape == (2, len(CLASSES))
    np.testing.assert_allclose(entropy, entropy_nats(logits), atol=1e-5)


def test_a_stage_knows_whether_it_starts_afresh() -> None:
    first, second, _ = (Stage(model, where="stage") for model in trunk_stages())
    assert first.starts_fresh
    assert not second.starts_fresh
    assert second.inputs == ("body", "branch")


def test_bytes_that_are_no_model_are_refused_with_where_they_came_from() -> None:
    with pytest.raises(EngineError, match=r"cannot load a stage.*\n.*where: designs/x/stages/0\.onnx"):
        Stage(b"not a model", where="designs/x/stages/0.onnx")


def test_a_model_without_entropy_is_no_stage() -> None:
    net = Net(0)
    net.conv("image", "a", 3, 4)
    net.head("a", 4, 5)
    with pytest.raises(EngineError, match="needs an output 'entropy' of rank 1"):
        Stage(net.model({"image": 3}, ["logits"]), where="stage 0")


def test_logits_of_another_rank_are_refused() -> None:
    net = Net(0)
    net.conv("image", "logits", 3, 4)
    net.head("logits", 4, 5, prefix="x_")
    net.nodes.append(helper.make_node("Identity", ["x_entropy"], ["entropy"]))
    with pytest.raises(EngineError, match="needs an output 'logits' of rank 2"):
        Stage(net.model({"image": 3}, ["logits", "entropy"], ranks={"logits": 4}), where="stage 0")


def test_tensors_other_than_float32_are_refused() -> None:
    model = helper.make_model(
        helper.make_graph(
            [
                helper.make_node("Identity", ["image"], ["logits"]),
                helper.make_node("ReduceSum", ["image", "axis"], ["entropy"], keepdims=0),
            ],
            "double",
            [helper.make_tensor_value_info("image", TensorProto.DOUBLE, ["b", "c"])],
            [
                helper.make_tensor_value_info("logits", TensorProto.DOUBLE, ["b", "c"]),
                helper.make_tensor_value_info("entropy", TensorProto.DOUBLE, ["b"]),
            ],
            [helper.make_tensor("axis", TensorProto.INT64, [1], [1])],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    with pytest.raises(EngineError, match=r"stages exchange tensor\(float\)"):
        Stage(model.SerializeToString(), where="stage 0")


def test_a_failing_run_names_the_shapes_it_was_given() -> None:
    stage = Stage(fresh_stage(), where="stage 0")
    with pytest.raises(EngineError, match=r"failed on inputs \{'image': \(1, 7, 12, 16\)\}"):
        stage({"image": np.zeros((1, 7, 12, 16), np.float32)})


def test_a_stage_needs_a_thread() -> None:
    with pytest.raises(ConfigError, match="cannot run on 0 threads"):
        Stage(fresh_stage(), where="stage 0", threads=0)
