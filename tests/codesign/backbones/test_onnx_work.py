from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper

from codesign.backbones.onnx_work import Shapes, infer_shapes, node_work, works_of
from codesign.backbones.slice_onnx import IR_VERSION, LOGITS, OPSET
from runtime.contract.errors import ConfigError
from runtime.contract.work import Work, total
from tests.codesign.small_networks import blocks_of, design, graph_of, small_exited_slice


def graph(
    nodes: Sequence[NodeProto],
    weights: Mapping[str, tuple[int, ...]],
    inputs: Mapping[str, Sequence[int | str]] | None = None,
    outputs: Sequence[str] = ("out",),
) -> onnx.ModelProto:
    """A model of these nodes; weights by name and shape, the input `x` (batch, 3, 8, 8) unless said otherwise."""
    inputs = inputs or {"x": ["batch", 3, 8, 8]}
    made = helper.make_graph(
        nodes,
        "hand-made",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(np.ones(shape, np.float32), name) for name, shape in weights.items()],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    return model


def node(operation: str, *inputs: str, out: str = "out", **attributes: Any) -> NodeProto:
    return helper.make_node(operation, list(inputs), [out], name=f"n_{out}", **attributes)


def work(model: onnx.ModelProto, target: str = "out") -> Work:
    return works_of(model, [target])[0]


def test_a_convolution_costs_its_kernel_per_output_value() -> None:
    model = graph([node("Conv", "x", "w", "b", strides=[2, 2], pads=[1] * 4)], {"w": (5, 3, 3, 3), "b": (5,)})
    out = 5 * 4 * 4
    assert work(model) == Work(out * 27, 4 * (3 * 64 + 5 * 27 + 5 + out), 1)


def test_in_narrower_numbers_a_layer_moves_fewer_bytes_and_makes_as_many_products() -> None:
    model = graph([node("Conv", "x", "w", pads=[1] * 4, out="y"), node("Relu", "y")], {"w": (5, 3, 3, 3)})
    wide = work(model)
    for name, share in (("fp16", 0.5), ("int8", 0.25)):
        (narrow,) = works_of(model, ["out"], {"y": name})
        assert (narrow.macs, narrow.kernels) == (wide.macs, wide.kernels)
        assert narrow.traffic_bytes == share * wide.traffic_bytes
        assert (narrow.fp16_macs, narrow.int8_macs) == ((wide.macs, 0) if name == "fp16" else (0, wide.macs))


def test_a_depthwise_convolution_costs_one_channel_per_output_value() -> None:
    model = graph([node("Conv", "x", "w", group=3, pads=[1] * 4)], {"w": (3, 1, 3, 3)})
    assert work(model) == Work(3 * 64 * 9, 4 * (3 * 64 + 27 + 3 * 64), 1)


def test_a_transposed_convolution_costs_its_kernel_per_input_value() -> None:
    model = graph([node("ConvTranspose", "x", "w", strides=[2, 2])], {"w": (3, 5, 2, 2)})
    assert work(model) == Work(3 * 64 * 5 * 4, 4 * (3 * 64 + 60 + 5 * 256), 1)


@pytest.mark.parametrize(
    ("operation", "weight", "attributes"),
    [("Gemm", (7, 10), {}), ("Gemm", (10, 7), {"transB": 1}), ("MatMul", (7, 10), {})],
)
def test_a_matrix_product_costs_inner_times_outer(
    operation: str, weight: tuple[int, ...], attributes: dict[str, Any]
) -> None:
    model = graph([node(operation, "x", "w", **attributes)], {"w": weight}, {"x": ["batch", 7]})
    assert work(model) == Work(70, 4 * (7 + 70 + 10), 1)


def test_a_transposed_left_operand_is_read_by_its_rows() -> None:
    shapes: Shapes = {"w": (4, 6), "x": (4, 5), "out": (6, 5)}
    assert node_work(node("Gemm", "w", "x", transA=1), shapes).macs == 4 * 6 * 5


def test_a_batch_of_matrix_products_costs_each() -> None:
    inputs: dict[str, list[int | str]] = {"x": ["batch", 2, 6, 4], "y": ["batch", 2, 4, 3]}
    assert work(graph([node("MatMul", "x", "y")], {}, inputs)).macs == 2 * 6 * 4 * 3


def test_element_wise_operations_launch_no_kernel_and_read_only_what_comes_besides() -> None:
    nodes = [
        node("Relu", "x", out="a"),
        node("Add", "a", "x", out="b"),
        node("Mul", "b", "scale", out="c"),
        node("Sigmoid", "c"),
    ]
    model = graph(nodes, {"scale": (1, 3, 1, 1)})
    found = works_of(model, ["a", "b", "c", "out"])
    assert [w.kernels for w in found] == [0, 0, 0, 0]
    assert [w.macs for w in found] == [0, 0, 0, 0]
    assert [w.traffic_bytes for w in found] == [0, 4 * 192, 4 * 3, 0]


def test_the_order_of_the_operands_changes_no_cost() -> None:
    left, right = (graph([node("Mul", *names)], {"w": (1, 3, 1, 1)}) for names in (("x", "w"), ("w", "x")))
    assert work(left) == work(right) == Work(0, 12, 0)


def test_reshaping_is_free_and_pooling_moves_bytes() -> None:
    nodes = [node("GlobalAveragePool", "x", out="p"), node("Flatten", "p", axis=1)]
    pool, flat = works_of(graph(nodes, {}), ["p", "out"])
    assert pool == Work(0, 4 * (192 + 3), 1)
    assert flat == Work()


def test_picking_reads_only_what_it_hands_on_and_makes_every_output() -> None:
    model = graph([node("Gather", "x", "i", axis=2)], {"i": (2,)})
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.asarray([0, 1], dtype=np.int64), "i"))
    assert work(model) == Work(0, 4 * 2 * (3 * 2 * 8), 1)
    halves = helper.make_node("Split", ["x"], ["one", "two"], name="split", axis=3)
    assert works_of(graph([halves, node("Relu", "one")], {}), ["one"])[0] == Work(0, 4 * (192 + 192), 1)


def test_a_shape_built_at_run_time_costs_nothing() -> None:
    nodes = [node("Shape", "x", out="shape"), node("Gather", "shape", "i", out="batch"), node("Expand", "w", "target")]
    nodes.insert(2, node("Concat", "batch", "rest", out="target", axis=0))
    model = graph(nodes, {"w": (1, 4)})
    for name, value in {"i": [0], "rest": [4]}.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value, dtype=np.int64), name))
    assert works_of(model, ["target", "out"])[0] == Work()


def test_a_norm_written_out_is_counted_as_two_reductions() -> None:
    axes = {"axes": [2, 3], "keepdims": 1}
    nodes = [
        node("ReduceMean", "x", out="mean", **axes),
        node("Sub", "x", "mean", out="less"),
        node("Pow", "less", "two", out="squares"),
        node("ReduceMean", "squares", out="variance", **axes),
        node("Sqrt", "variance", out="deviation"),
        node("Div", "less", "deviation"),
    ]
    found = work(graph(nodes, {"two": (1,)}))
    assert (found.macs, found.kernels) == (0, 2)


def test_shapes_are_inferred_for_any_batch() -> None:
    model = graph([node("Relu", "x")], {})
    assert [infer_shapes(model, batch)["out"] for batch in (1, 7)] == [(1, 3, 8, 8), (7, 3, 8, 8)]


def test_an_optional_input_left_out_costs_nothing() -> None:
    assert work(graph([node("Resize", "x", "", "s")], {"s": (4,)})) == Work(0, 4 * (192 + 4 + 192), 1)


def test_work_is_counted_for_one_image_whatever_batch_was_exported() -> None:
    nodes, weights = [node("Conv", "x", "w", pads=[1] * 4)], {"w": (5, 3, 3, 3)}
    free, fixed = graph(nodes, weights), graph(nodes, weights, {"x": [4, 3, 8, 8]})
    fixed = onnx.shape_inference.infer_shapes(fixed)  # its output now says 4
    assert work(free) == work(fixed)


def test_weights_that_are_listed_as_inputs_too_keep_their_shape() -> None:
    nodes, weights = [node("Conv", "x", "w", pads=[1] * 4)], {"w": (5, 3, 3, 3)}
    listed = graph(nodes, weights, {"x": ["batch", 3, 8, 8], "w": [5, 3, 3, 3]})
    assert work(listed) == work(graph(nodes, weights))


def test_each_target_costs_what_those_before_it_did_not_need() -> None:
    nodes = [
        node("Conv", "x", "w", out="stem"),
        node("Conv", "stem", "v", out="left"),
        node("Conv", "stem", "v", out="right"),
    ]
    model = graph(nodes, {"w": (4, 3, 1, 1), "v": (6, 4, 1, 1)}, outputs=("left", "right"))
    stem, arm = 64 * 4 * 3, 64 * 6 * 4
    assert [w.macs for w in works_of(model, ["left", "right"])] == [stem + arm, arm]
    assert [w.macs for w in works_of(model, ["stem", "right", "left", "left"])] == [stem, arm, arm, 0]


NETWORK = small_exited_slice(design(0, 0, 1, 0, 1, 1, 1, 1, 0))
MODEL, BLOCKS = graph_of(NETWORK), blocks_of(NETWORK)
WHOLE = total(works_of(MODEL, [*BLOCKS, LOGITS]))


@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(BLOCKS)))
def test_the_sum_is_the_same_wherever_the_cuts_lie(cuts: set[str]) -> None:
    found = total(works_of(MODEL, [*(block for block in BLOCKS if block in cuts), LOGITS]))
    assert found == WHOLE


def test_the_work_of_a_slice_is_what_its_design_says() -> None:
    # At 12 px, 8-wide stem; 2 blocks (w8 k3 e2) at 12×12; 2 blocks (w16 k5 e2), the first of stride 2, at 6×6.
    stem = 144 * 8 * 27
    early = 2 * 144 * (8 * 16 + 16 * 9 + 16 * 8)
    first = 144 * 8 * 16 + 36 * (16 * 25 + 16 * 16)
    second = 36 * (16 * 32 + 32 * 25 + 32 * 16)
    assert WHOLE.macs == stem + early + first + second + 36 * 16 * 20 + 20 * 3


def test_a_dimension_that_is_not_known_is_refused() -> None:
    model = graph([node("Relu", "x")], {}, {"x": ["batch", 3, "height", 8]})
    with pytest.raises(ConfigError, match=r"the shape of tensor 'x' is not known: \(1, 3, 0, 8\)\n.*fixed sizes"):
        works_of(model, ["out"])


def test_a_target_that_is_no_tensor_of_the_graph_is_refused() -> None:
    for target in ("gone", "x", "w"):  # inputs and weights are computed by nobody
        with pytest.raises(ConfigError, match=f"the graph has no tensor '{target}' to cut at"):
            works_of(graph([node("Conv", "x", "w")], {"w": (5, 3, 3, 3)}), [target])


def test_a_graph_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ConfigError, match="the shapes of the graph do not fit together"):
        infer_shapes(graph([node("MatMul", "x", "w")], {"w": (5, 4)}, {"x": ["batch", 7]}))


def test_an_operation_whose_shape_nobody_can_tell_is_refused() -> None:
    strange = helper.make_node("Strange", ["x"], ["s"], name="odd", domain="com.example")
    model = graph([strange, node("Conv", "s", "w")], {"w": (5, 3, 3, 3)})
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    with pytest.raises(ConfigError, match=r"the shape of tensor 's' at node 'odd' \(Strange\) is not known"):
        works_of(model, ["s", "out"])


def test_a_sum_over_named_indices_costs_one_per_combination() -> None:
    model = graph([node("Einsum", "x", "w", equation="bchw, cd->bdhw")], {"w": (3, 5)})
    assert work(model) == Work(3 * 64 * 5, 4 * (192 + 15 + 320), 1)


def test_an_operation_whose_work_is_not_counted_is_refused_rather_than_free() -> None:
    model = graph([node("Einsum", "x", "w", equation="...hw,wd->...hd")], {"w": (8, 5)})
    with pytest.raises(ConfigError, match=r"the work of Einsum '...hw,wd->...hd' \(node 'n_out'\) cannot be counted"):
        works_of(model, ["out"])
    shapes: Shapes = {"x": (1, 2, 3), "out": (1, 2, 3)}
    with pytest.raises(ConfigError, match=r"the work of operation GRU \(node 'n_out'\) cannot be counted"):
        node_work(node("GRU", "x"), shapes)


def test_the_graph_itself_is_not_changed() -> None:
    before = MODEL.SerializeToString(deterministic=True)
    infer_shapes(MODEL)
    assert MODEL.SerializeToString(deterministic=True) == before
