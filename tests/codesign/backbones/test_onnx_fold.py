"""codesign/backbones/onnx_fold.py"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from codesign.backbones.onnx_fold import drop_dead, evaluated, fold_constants, sort_nodes, weights_are_no_inputs
from runtime.contract.errors import ConfigError
from tests.codesign.user_networks import model_of, residual_network


def constant(name: str, value: Any) -> Any:
    return ("Constant", [], [name], {"value": numpy_helper.from_array(np.asarray(value))})


def test_constants_made_of_constants_become_one() -> None:
    nodes: list[Any] = [
        constant("three", np.asarray([3], dtype=np.int64)),
        ("ConstantOfShape", ["three"], ["zeros"], {}),
        ("Unsqueeze", ["zeros", "axes"], ["column"], {}),
        ("Add", ["x", "column"], ["scores"], {}),
    ]
    model = model_of(nodes, {"axes": np.asarray([0, 2, 3], dtype=np.int64)})
    fold_constants(model)
    drop_dead(model)
    assert [node.op_type for node in model.graph.node] == ["Add"]
    assert [weight.name for weight in model.graph.initializer] == ["column"]


def test_weights_in_constant_nodes_become_weights_and_what_reads_them_is_left_to_the_engine() -> None:
    weight = np.random.default_rng(0).normal(size=(3, 16)).astype(np.float32)
    nodes: list[Any] = [
        constant("w", weight),
        ("Transpose", ["w"], ["turned"], {"perm": [1, 0]}),
        ("MatMul", ["x", "turned"], ["scores"], {}),
    ]
    model = model_of(nodes, {})
    fold_constants(model)
    assert [node.op_type for node in model.graph.node] == ["Transpose", "MatMul"]
    (kept,) = model.graph.initializer
    assert numpy_helper.to_array(kept).tobytes() == weight.tobytes()


def test_a_node_that_cannot_be_evaluated_is_named() -> None:
    node = helper.make_node("Reshape", ["a", "b"], ["c"], name="impossible")
    values = {"a": np.arange(6), "b": np.asarray([4, 4])}
    with pytest.raises(
        ConfigError, match=r"node 'impossible' \(Reshape\) reads constants only, but cannot be evaluated"
    ):
        evaluated(model_of([], {}), node, values)


def test_weights_listed_as_inputs_by_old_exporters_are_inputs_no_more() -> None:
    model = residual_network()
    model.graph.input.append(onnx.helper.make_tensor_value_info("b", 1, [3]))
    weights_are_no_inputs(model)
    assert [value.name for value in model.graph.input] == ["x"]


def test_nodes_come_after_what_they_read() -> None:
    model = model_of([("Relu", ["a"], ["scores"], {}), ("Sigmoid", ["x"], ["a"], {})], {})
    sort_nodes(model)
    assert [node.op_type for node in model.graph.node] == ["Sigmoid", "Relu"]
