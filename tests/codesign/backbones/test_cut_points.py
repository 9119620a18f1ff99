"""codesign/backbones/cut_points.py"""

from __future__ import annotations

from onnx import TensorProto, helper

from codesign.backbones.cut_points import cut_points


def graph(*nodes: tuple[str, list[str], str]) -> object:
    made = [helper.make_node(operation, inputs, [output]) for operation, inputs, output in nodes]
    shape = ["batch", 3]
    return helper.make_model(
        helper.make_graph(
            made,
            "g",
            [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
        )
    )


def points(*nodes: tuple[str, list[str], str]) -> tuple[str, ...]:
    return cut_points(graph(*nodes))  # type: ignore[arg-type]


def test_a_chain_can_be_cut_everywhere_but_at_its_ends() -> None:
    assert points(("Relu", ["image"], "a"), ("Relu", ["a"], "b"), ("Relu", ["b"], "logits")) == ("a", "b")


def test_a_residual_block_can_be_cut_only_after_its_sum() -> None:
    nodes = (("Relu", ["image"], "a"), ("Relu", ["a"], "b"), ("Add", ["a", "b"], "c"), ("Relu", ["c"], "logits"))
    assert points(*nodes) == ("a", "c")


def test_two_branches_from_the_image_to_the_end_leave_no_place() -> None:
    nodes = (("Relu", ["image"], "a"), ("Sigmoid", ["image"], "b"), ("Add", ["a", "b"], "logits"))
    assert points(*nodes) == ()


def test_a_skip_over_the_whole_network_leaves_no_place() -> None:
    nodes = (("Relu", ["image"], "a"), ("Relu", ["a"], "b"), ("Add", ["b", "image"], "logits"))
    assert points(*nodes) == ()


def test_the_order_of_branches_does_not_matter() -> None:
    one = (("Relu", ["image"], "a"), ("Relu", ["a"], "l"), ("Abs", ["a"], "r"), ("Add", ["l", "r"], "c"))
    other = (one[0], one[2], one[1], one[3])
    end = ("Relu", ["c"], "logits")
    assert points(*one, end) == points(*other, end) == ("a", "c")


def test_what_is_made_of_weights_alone_is_no_path_and_dead_ends_do_not_count() -> None:
    nodes = (
        ("Relu", ["weight"], "w"),
        ("Mul", ["image", "w"], "a"),
        ("Relu", ["a"], "dead"),
        ("Add", ["a", "w"], "b"),
        ("Relu", ["b"], "logits"),
    )
    assert points(*nodes) == ("a", "b")
