"""codesign/stages/quantise.py"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper

from codesign.exits.answers import onnx_session
from codesign.stages.calibrate import activation_ranges
from codesign.stages.layers import weighed_layers
from codesign.stages.quantise import quantised
from tests.codesign.user_networks import residual_network

MODEL = residual_network(blocks=2, width=8, exporter_tail=False)
LAYERS = weighed_layers(MODEL)
IMAGES = np.random.default_rng(0).normal(size=(16, 3, 16, 16)).astype(np.float32)
RANGES = activation_ranges(MODEL, {"x": IMAGES})


def answers_of(layers: tuple[str, ...]) -> np.ndarray:
    found: np.ndarray = onnx_session(quantised(MODEL, RANGES, layers), 1).run(["scores"], {"x": IMAGES})[0]
    return found


def test_answers_stay_within_a_few_steps_of_eight_bits() -> None:
    exact, rounded = answers_of(()), answers_of(LAYERS)
    assert 0.0 < np.abs(rounded - exact).max() < 0.1 * np.abs(exact).max()


def test_without_layers_nothing_changes() -> None:
    expected = onnx_session(MODEL, 1).run(["scores"], {"x": IMAGES})[0]
    np.testing.assert_array_equal(answers_of(()), expected)


def test_the_weights_of_chosen_layers_alone_become_integers_one_scale_per_channel() -> None:
    model = quantised(MODEL, RANGES, ("c0", "d1"))
    weights = {weight.name: weight for weight in model.graph.initializer}
    integers = {name.removesuffix("_quantized") for name, w in weights.items() if w.data_type == TensorProto.INT8}
    assert {"c0.w", "d1.w"} <= {name for name in integers if name.endswith(".w")} <= {"c0.w", "d1.w"}
    assert list(weights["c0.w_scale"].dims) == [8]
    assert weights["stem.w"].data_type == TensorProto.FLOAT


def test_a_relu_after_a_quantised_convolution_costs_nothing() -> None:
    before, after = (
        Counter(node.op_type for node in model.graph.node) for model in (MODEL, quantised(MODEL, RANGES, LAYERS))
    )
    assert after["Relu"] == before["Relu"] - 3  # the stem's and one in each block; those after sums stay


def test_logits_are_not_rounded() -> None:
    assert len(np.unique(answers_of(LAYERS))) > 40  # of 16 × 3; steps of the features make few coincide


def test_nodes_without_names_are_quantised_too() -> None:
    nameless = residual_network(blocks=2, width=8, exporter_tail=False)
    for node in nameless.graph.node:
        node.name = ""
    found = onnx_session(quantised(nameless, RANGES, LAYERS), 1).run(["scores"], {"x": IMAGES})[0]
    np.testing.assert_array_equal(found, answers_of(LAYERS))


def test_for_tensorrt_nothing_has_a_zero_point_and_no_bias_is_an_integer() -> None:
    model = quantised(MODEL, RANGES, LAYERS, for_tensorrt=True)
    kinds = {weight.name: weight for weight in model.graph.initializer}
    pairs = [node for node in model.graph.node if node.op_type in ("QuantizeLinear", "DequantizeLinear")]
    for node in pairs:
        assert not np.any(numpy_helper.to_array(kinds[node.input[2]]))
        assert kinds[node.input[2]].data_type == TensorProto.INT8
        assert kinds.get(node.input[0], kinds["stem.w"]).data_type == TensorProto.FLOAT  # rounded in the graph
    found = onnx_session(model, 1).run(["scores"], {"x": IMAGES})[0]
    exact = answers_of(())
    assert 0.0 < np.abs(found - exact).max() < 0.15 * np.abs(exact).max()


def test_for_tensorrt_nothing_is_rounded_between_a_layer_and_its_relu() -> None:
    model = quantised(MODEL, RANGES, LAYERS, for_tensorrt=True)
    makers = {node.output[0]: node for node in model.graph.node}
    for node in model.graph.node:
        if node.op_type == "Relu":
            assert makers[node.input[0]].op_type != "DequantizeLinear"


@pytest.mark.parametrize("layer", LAYERS)
def test_one_layer_alone_can_be_quantised(layer: str) -> None:
    assert np.isfinite(answers_of((layer,))).all()
