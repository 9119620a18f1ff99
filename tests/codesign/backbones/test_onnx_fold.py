"""codesign/backbones/onnx_fold.py"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from codesign.backbones.onnx_fold import folded, infer_shapes_with_batch
from codesign.exits.answers import onnx_session
from runtime.contract.errors import ConfigError
from tests.codesign.user_networks import SIDE, model_of, residual_network


def answer(model: onnx.ModelProto, batch: int) -> Any:
    images = np.random.default_rng(0).normal(size=(batch, 3, SIDE, SIDE)).astype(np.float32)
    return onnx_session(model, 1).run(None, {"x": images})[0]


def weights_of(model: onnx.ModelProto) -> dict[str, bytes]:
    return {weight.name: weight.raw_data for weight in model.graph.initializer if weight.data_type == 1}


def test_what_exporters_write_around_a_reshape_goes_and_the_answer_stays_bit_for_bit() -> None:
    model = residual_network()
    found = folded(model)
    assert not {"Shape", "Gather", "Concat", "Constant", "Unsqueeze"} & {node.op_type for node in found.graph.node}
    for batch in (1, 2, 5):
        np.testing.assert_array_equal(answer(found, batch), answer(model, batch))


def test_weights_are_untouched_and_the_given_model_too() -> None:
    model = residual_network()
    before = model.SerializeToString()
    assert weights_of(folded(model)) == weights_of(model)
    assert model.SerializeToString() == before


def test_folding_twice_is_folding_once() -> None:
    once = folded(residual_network())
    assert folded(once) == once


def test_constants_made_of_constants_become_one() -> None:
    nodes: list[Any] = [
        ("Constant", [], ["three"], {"value": numpy_helper.from_array(np.asarray([3], dtype=np.int64))}),
        ("ConstantOfShape", ["three"], ["zeros"], {}),
        ("Unsqueeze", ["zeros", "axes"], ["column"], {}),
        ("Add", ["x", "column"], ["scores"], {}),
    ]
    found = folded(model_of(nodes, {"axes": np.asarray([0, 2, 3], dtype=np.int64)}))
    assert [node.op_type for node in found.graph.node] == ["Add"]
    assert [weight.name for weight in found.graph.initializer] == ["column"]


def test_weights_listed_as_inputs_by_old_exporters_are_inputs_no_more() -> None:
    model = residual_network()
    model.graph.input.append(onnx.helper.make_tensor_value_info("b", 1, [3]))
    assert [value.name for value in folded(model).graph.input] == ["x"]


def test_a_batch_in_the_middle_of_a_shape_is_refused_with_the_node() -> None:
    nodes: list[Any] = [
        ("Shape", ["x"], ["shape"], {"start": 0, "end": 1}),
        ("Concat", ["minus", "shape"], ["target"], {"axis": 0}),
        ("Reshape", ["x", "target"], ["scores"], {}),
    ]
    with pytest.raises(
        ConfigError, match=r"input 1 of node 'node_2' \(Reshape\) follows the batch(.|\n)*to do: export"
    ):
        folded(model_of(nodes, {"minus": np.asarray([-1], dtype=np.int64)}))


def test_a_shape_of_something_unknown_is_refused() -> None:
    nodes: list[Any] = [
        ("NonZero", ["x"], ["where"], {}),
        ("Shape", ["where"], ["shape"], {}),
        ("Reshape", ["x", "shape"], ["scores"], {}),
    ]
    with pytest.raises(ConfigError, match=r"the shape of tensor 'where' at node 'node_1' \(Shape\) is not known"):
        folded(model_of(nodes, {}))


def test_shapes_follow_the_batch() -> None:
    assert infer_shapes_with_batch(residual_network(), 5)["pooled"] == (5, 8, 1, 1)
