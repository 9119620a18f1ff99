"""codesign/backbones/open_batch.py; whole networks are in test_user_architectures.py"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from codesign.backbones.open_batch import with_open_batch
from codesign.exits.answers import onnx_session
from runtime.contract.errors import ConfigError
from tests.codesign.user_networks import CLASSES, SIDE, model_of, residual_network


def answer(model: onnx.ModelProto, batch: int) -> Any:
    images = np.random.default_rng(0).normal(size=(batch, 3, SIDE, SIDE)).astype(np.float32)
    return onnx_session(model, 1).run(None, {"x": images})[0]


def weights_of(model: onnx.ModelProto) -> dict[str, bytes]:
    return {weight.name: weight.raw_data for weight in model.graph.initializer if weight.data_type == 1}


def index(*numbers: int) -> Any:
    return np.asarray(numbers, dtype=np.int64)


def operations(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


def test_what_exporters_write_around_a_reshape_goes_and_the_answer_stays_bit_for_bit() -> None:
    model = residual_network()
    found = with_open_batch(model)
    assert not {"Shape", "Gather", "Concat", "Constant", "Unsqueeze"} & set(operations(found))
    for batch in (1, 2, 5):
        np.testing.assert_array_equal(answer(found, batch), answer(model, batch))


def test_weights_are_untouched_and_the_given_model_too() -> None:
    model = residual_network()
    before = model.SerializeToString()
    assert weights_of(with_open_batch(model)) == weights_of(model)
    assert model.SerializeToString() == before


def test_doing_it_twice_is_doing_it_once() -> None:
    once = with_open_batch(residual_network())
    assert with_open_batch(once) == once


def test_a_batch_that_was_written_into_a_reshape_is_opened() -> None:
    nodes: list[Any] = [("Reshape", ["x", "target"], ["scores"], {})]
    model = model_of(nodes, {"target": index(1, -1)}, image=(1, 3, SIDE, SIDE))
    found = with_open_batch(model)
    assert answer(found, 4).shape == (4, 3 * SIDE * SIDE)
    np.testing.assert_array_equal(answer(found, 1), answer(model, 1))


def test_a_batch_in_the_middle_of_a_shape_is_worked_out_there() -> None:
    nodes: list[Any] = [
        ("Transpose", ["x"], ["turned"], {"perm": [1, 0, 2, 3]}),
        ("Shape", ["x"], ["shape"], {"start": 0, "end": 1}),
        ("Concat", ["three", "shape", "all"], ["target"], {"axis": 0}),
        ("Reshape", ["turned", "target"], ["scores"], {}),
    ]
    found = with_open_batch(model_of(nodes, {"three": index(3), "all": index(SIDE * SIDE)}))
    assert operations(found) == ["Transpose", "Reshape"]
    assert answer(found, 2).shape == (3, 2, SIDE * SIDE)


def test_a_weight_that_is_repeated_for_every_image_reads_the_batch_next_to_it() -> None:
    nodes: list[Any] = [
        ("Shape", ["x"], ["shape"], {"start": 0, "end": 1}),
        ("Concat", ["shape", "rest"], ["target"], {"axis": 0}),
        ("Expand", ["row", "target"], ["wide"], {}),  # before what it is joined to
        ("Relu", ["x"], ["a"], {}),
        ("Concat", ["wide", "a"], ["scores"], {"axis": 2}),
    ]
    weights = {"rest": index(3, 1, SIDE), "row": np.ones((1, 3, 1, SIDE), dtype=np.float32)}
    model = model_of(nodes, weights)
    found = with_open_batch(model)
    (reader,) = [node for node in found.graph.node if node.op_type == "Shape"]
    assert reader.input[0] == "a"  # and not the image, past which no cut could be made
    np.testing.assert_array_equal(answer(found, 3), answer(model, 3))


def test_a_size_that_grows_with_the_batch_is_refused_with_the_node() -> None:
    nodes: list[Any] = [
        ("Size", ["x"], ["size"], {}),
        ("Unsqueeze", ["size", "axes"], ["sizes"], {}),
        ("Expand", ["one", "sizes"], ["ones"], {}),
        ("ReduceSum", ["ones"], ["sum"], {"keepdims": 0}),
        ("Add", ["x", "sum"], ["scores"], {}),
    ]
    weights = {"axes": index(0), "one": np.ones(1, dtype=np.float32)}
    with pytest.raises(ConfigError, match=r"input 1 of node 'node_4' \(Add\) follows the batch(.|\n)*to do: export"):
        with_open_batch(model_of(nodes, weights))


def test_a_batch_twice_in_one_shape_is_refused_with_the_node() -> None:
    nodes: list[Any] = [
        ("Shape", ["x"], ["shape"], {"start": 0, "end": 1}),
        ("Concat", ["shape", "shape", "rest"], ["target"], {"axis": 0}),
        ("Reshape", ["x", "target"], ["scores"], {}),
    ]
    with pytest.raises(ConfigError, match=r"input 1 of node 'node_2' \(Reshape\) follows the batch"):
        with_open_batch(model_of(nodes, {"rest": index(-1)}))


def test_twice_the_batch_is_refused_with_the_node() -> None:
    nodes: list[Any] = [
        ("Shape", ["x"], ["shape"], {"start": 0, "end": 1}),
        ("Mul", ["shape", "two"], ["target"], {}),
        ("Tile", ["row", "target"], ["many"], {}),
        ("Add", ["x", "many"], ["scores"], {}),
    ]
    weights = {"two": index(2), "row": np.ones(9, dtype=np.float32)}
    with pytest.raises(ConfigError, match=r"input 1 of node 'node_2' \(Tile\) follows the batch"):
        with_open_batch(model_of(nodes, weights))


def test_a_target_that_fits_nothing_is_refused_with_the_node() -> None:
    nodes: list[Any] = [("Reshape", ["x", "target"], ["scores"], {})]
    for target in (index(5, 7), index(0, 0, 0, 0, 0)):
        with pytest.raises(ConfigError, match=r"node 'node_0' \(Reshape\)"):
            with_open_batch(model_of(nodes, {"target": target}, image=(1, 3, SIDE, SIDE)))


def test_a_shape_that_follows_from_the_pixels_is_refused() -> None:
    nodes: list[Any] = [
        ("NonZero", ["x"], ["where"], {}),
        ("Shape", ["where"], ["shape"], {}),
        ("Reshape", ["x", "shape"], ["scores"], {}),
    ]
    with pytest.raises(ConfigError, match=r"tensor 'where', which node 'node_0' \(NonZero\) makes, is not known"):
        with_open_batch(model_of(nodes, {}))


def test_weights_for_a_whole_batch_are_refused_with_the_node() -> None:
    nodes: list[Any] = [("MatMul", ["x", "w"], ["scores"], {})]
    weights = {"w": np.ones((4, 1, SIDE, CLASSES), dtype=np.float32)}
    with pytest.raises(ConfigError, match=r"node 'node_0' \(MatMul\) cannot take a batch of 5(.|\n)*batch left open"):
        with_open_batch(model_of(nodes, weights, image=(4, 3, SIDE, SIDE)))


def test_an_output_made_of_shapes_alone_is_refused() -> None:
    with pytest.raises(ConfigError, match="the output 'scores' says nothing about the pixels"):
        with_open_batch(model_of([("Shape", ["x"], ["scores"], {})], {}))


def test_a_node_that_reads_what_no_node_makes_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"node 'node_0' reads what no node makes"):
        with_open_batch(model_of([("Add", ["x", "gone"], ["scores"], {})], {}))


def test_constants_for_one_image_are_still_there_for_many() -> None:
    nodes: list[Any] = [("Concat", ["token", "x"], ["scores"], {"axis": 2})]
    token = np.ones((1, 3, 1, SIDE), dtype=np.float32)
    found = with_open_batch(model_of(nodes, {"token": token}, image=(1, 3, SIDE, SIDE)))
    assert answer(found, 3).shape == (3, 3, SIDE + 1, SIDE)
    kept = {weight.name: numpy_helper.to_array(weight) for weight in found.graph.initializer}
    np.testing.assert_array_equal(kept["token"], token)
