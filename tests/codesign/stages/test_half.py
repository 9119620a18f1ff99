"""codesign/stages/half.py"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from codesign.exits.answers import onnx_session
from codesign.stages.cut import cut_into_stages
from codesign.stages.half import in_float16
from codesign.stages.join import joined
from runtime.contract.entropy import entropy_nats
from tests.codesign.small_networks import SPACE, cuts_of, design, graph_of, random_batch, small_exited_slice

NETWORK = small_exited_slice(SPACE.largest())
STAGE = cut_into_stages(graph_of(NETWORK), cuts_of(NETWORK)[:1])[0]
IMAGES = {"image": random_batch(5).numpy()}


def lowered(stage: onnx.ModelProto) -> onnx.ModelProto:
    return joined([in_float16(cut_into_stages(stage, [])[0])], [])


def test_weights_are_half_as_wide_and_what_stages_exchange_is_not() -> None:
    half = in_float16(STAGE)
    kinds = {weight.data_type for weight in half.graph.initializer if weight.dims and weight.name.endswith("weight")}
    assert kinds == {TensorProto.FLOAT16}
    ends = [*half.graph.input, *half.graph.output]
    assert {value.type.tensor_type.elem_type for value in ends} == {TensorProto.FLOAT}


def test_answers_differ_by_a_rounding_to_eleven_bits_or_two() -> None:
    whole = graph_of(NETWORK)
    exact, rounded = (onnx_session(model, 1).run(["logits"], IMAGES)[0] for model in (whole, lowered(whole)))
    assert 0.0 < np.abs(rounded - exact).max() < 4e-3 * np.abs(exact).max()


def test_the_entropy_is_that_of_the_logits_handed_out_to_float32() -> None:
    logits, entropy = onnx_session(lowered(graph_of(NETWORK)), 1).run(["logits", "entropy"], IMAGES)
    np.testing.assert_allclose(entropy, entropy_nats(logits), rtol=0, atol=1e-6)


def test_a_network_that_resizes_its_images_is_converted_too() -> None:
    resizing = graph_of(small_exited_slice(design(0, 0, 0, 0, 0, 0, 0, 0, 0)))
    assert "Resize" in {node.op_type for node in resizing.graph.node}
    assert np.isfinite(onnx_session(lowered(resizing), 1).run(["logits"], IMAGES)[0]).all()


def test_a_weight_too_small_for_sixteen_bits_is_no_warning() -> None:
    tiny = onnx.ModelProto()
    tiny.CopyFrom(STAGE)
    weight = next(weight for weight in tiny.graph.initializer if weight.name.endswith("weight"))
    values = onnx.numpy_helper.to_array(weight).copy()
    values.flat[0] = 1e-9
    weight.CopyFrom(onnx.numpy_helper.from_array(values, weight.name))
    in_float16(tiny)
