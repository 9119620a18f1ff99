"""codesign/backbones/user_model.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from codesign.backbones.user_model import MAX_EXITS, load_user_model
from codesign.exits.answers import onnx_session
from runtime.contract.errors import ConfigError
from tests.codesign.user_networks import CLASSES, SIDE, model_of, residual_network, saved

HEAD: dict[str, Any] = {"w": np.ones((CLASSES, 3), dtype=np.float32), "b": np.zeros(CLASSES, dtype=np.float32)}
POOLED: list[Any] = [
    ("GlobalAveragePool", ["f"], ["pooled"], {}),
    ("Flatten", ["pooled"], ["flat"], {"axis": 1}),
    ("Gemm", ["flat", "w", "b"], ["scores"], {"transB": 1}),
]


def with_first(kind: str, **how: Any) -> onnx.ModelProto:
    return model_of([(kind, ["x"], ["f"], how), *POOLED], HEAD)


def test_a_network_keeps_its_weights_and_answers_under_the_names_of_the_house(tmp_path: Path) -> None:
    model = residual_network()
    found = load_user_model(saved(model, tmp_path, "mine.onnx"))
    assert (found.name, found.layout, found.height, found.width, found.classes) == ("mine", "NCHW", SIDE, SIDE, CLASSES)
    images = np.random.default_rng(0).normal(size=(4, 3, SIDE, SIDE)).astype(np.float32)
    before = onnx_session(model, 1).run(None, {"x": images})[0]
    np.testing.assert_array_equal(onnx_session(found.model, 1).run(["logits"], {"image": images})[0], before)


def test_exits_lie_after_activations_with_work_before_and_behind_them(tmp_path: Path) -> None:
    found = load_user_model(saved(residual_network(blocks=4), tmp_path))
    assert found.exits == ("f1", "f2", "f3")  # before f0 lies a twentieth of the work, behind f4 next to none
    assert len(found.blocks) == 4
    assert all(block.macs > 0 for block in found.blocks)


def test_a_deep_network_offers_so_many_exits_and_no_more(tmp_path: Path) -> None:
    found = load_user_model(saved(residual_network(blocks=20), tmp_path))
    assert len(found.exits) == MAX_EXITS
    assert found.macs == pytest.approx(sum(block.macs for block in found.blocks))


def test_a_softmax_at_the_end_is_left_off(tmp_path: Path) -> None:
    model = residual_network()
    model.graph.node.append(onnx.helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1))
    model.graph.output[0].name = "probabilities"
    images = np.ones((1, 3, SIDE, SIDE), dtype=np.float32)
    found = load_user_model(saved(model, tmp_path))
    plain = onnx_session(residual_network(), 1).run(None, {"x": images})[0]
    np.testing.assert_array_equal(onnx_session(found.model, 1).run(None, {"image": images})[0], plain)


def test_a_batch_written_as_one_is_opened(tmp_path: Path) -> None:
    model = residual_network(exporter_tail=False)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    found = load_user_model(saved(model, tmp_path))
    images = np.ones((5, 3, SIDE, SIDE), dtype=np.float32)
    assert onnx_session(found.model, 1).run(None, {"image": images})[0].shape == (5, CLASSES)


def test_a_tensor_that_is_called_logits_already_does_no_harm(tmp_path: Path) -> None:
    model = residual_network()
    for node in model.graph.node:
        node.input[:] = ["logits" if name == "f1" else name for name in node.input]
        node.output[:] = ["logits" if name == "f1" else name for name in node.output]
    assert load_user_model(saved(model, tmp_path)).exits == ("logits@brought", "f2", "f3")


def test_open_sizes_need_a_size_and_fixed_ones_take_no_other(tmp_path: Path) -> None:
    model = residual_network(exporter_tail=False)
    for axis in (2, 3):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = "side"
    file = saved(model, tmp_path)
    with pytest.raises(ConfigError, match=r"the size of the images is open: axis 2 of 'x'(.|\n)*to do: give --size"):
        load_user_model(file)
    assert load_user_model(file, size=(24, 32)).width == 32
    with pytest.raises(ConfigError, match="the network takes 16 pixels, --size says 24"):
        load_user_model(saved(residual_network(), tmp_path, "fixed.onnx"), size=(24, 24))


def with_image(*axes: int | str) -> onnx.ModelProto:
    """A network whose input says this of its axes."""
    nodes: list[Any] = [("Relu", ["x"], ["f"], {}), ("ReduceMean", ["f"], ["m"], {"axes": [2], "keepdims": 0})]
    nodes += [("ReduceMean", ["m"], ["pooled"], {"axes": [2], "keepdims": 0}), ("Relu", ["pooled"], ["scores"], {})]
    return model_of(nodes, {}, image=axes)


def test_the_layout_can_be_told_where_the_graph_leaves_it_open(tmp_path: Path) -> None:
    file = saved(with_image("n", "c", "h", "w"), tmp_path)
    with pytest.raises(ConfigError, match=r"no axis of 3 channels(.|\n)*--layout"):
        load_user_model(file, size=(8, 8))
    found = load_user_model(file, size=(8, 8), layout="NCHW")
    assert (found.layout, found.height, found.width, found.classes) == ("NCHW", 8, 8, 3)
    three = saved(with_image("n", 3, 8, 3), tmp_path, "three.onnx")
    assert load_user_model(three).width == 3
    assert load_user_model(three, layout="NHWC").height == 3
    with pytest.raises(ConfigError, match=r"--layout says NHWC, but axis 1 of 'x' holds the 3 channels"):
        load_user_model(saved(with_image("n", 3, 8, 8), tmp_path, "fixed.onnx"), layout="NHWC")


def two_inputs() -> onnx.ModelProto:
    model = residual_network()
    model.graph.input.append(onnx.helper.make_tensor_value_info("more", 1, ["n", 3]))
    return model


def two_outputs() -> onnx.ModelProto:
    model = residual_network()
    model.graph.output.append(onnx.helper.make_tensor_value_info("f1", 1, None))
    return model


def foreign_operation() -> onnx.ModelProto:
    model = with_first("Relu")
    model.graph.node[0].domain = "com.vendor"
    model.opset_import.append(onnx.helper.make_opsetid("com.vendor", 1))
    return model


def skips_everything() -> onnx.ModelProto:
    weights = {"w": np.ones((CLASSES, 3 * SIDE * SIDE), dtype=np.float32), "b": HEAD["b"]}
    nodes: list[Any] = [
        ("Flatten", ["x"], ["a"], {"axis": 1}),
        ("Flatten", ["x"], ["b2"], {"axis": 1}),
        ("Gemm", ["a", "w", "b"], ["l"], {"transB": 1}),
        ("Gemm", ["b2", "w", "b"], ["r"], {"transB": 1}),
        ("Add", ["l", "r"], ["scores"], {}),
    ]
    return model_of(nodes, weights)


def grey() -> onnx.ModelProto:
    return model_of([("Relu", ["x"], ["f"], {}), *POOLED], HEAD, image=("n", 1, SIDE, SIDE))


def vectors() -> onnx.ModelProto:
    return model_of([("Relu", ["x"], ["scores"], {})], {}, image=("n", 3))


def maps_out() -> onnx.ModelProto:
    return model_of([("Relu", ["x"], ["scores"], {})], {})


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (two_inputs(), "the network has 2 inputs: x, more"),
        (two_outputs(), "the network has 2 outputs: scores, f1"),
        (foreign_operation(), "node 'node_0' uses Relu of 'com.vendor', which is no standard operation"),
        (skips_everything(), "there is no place to cut"),
        (grey(), "the input 'x' has no axis of 3 channels"),
        (vectors(), "must be float images of four axes, got FLOAT of 2"),
        (maps_out(), r"the output 'scores' must be logits \(batch, classes\)"),
        (with_first("Loop"), r"control flow cannot be cut into stages: node 'node_0' \(Loop\)"),
    ],
    ids=["inputs", "outputs", "foreign", "uncuttable", "grey", "vectors", "maps", "loop"],
)
def test_a_network_that_cannot_be_used_is_refused_with_the_reason_and_a_remedy(
    model: onnx.ModelProto, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=rf"{message}(.|\n)*where: .*net.onnx(.|\n)*to do: "):
        load_user_model(saved(model, tmp_path))


def test_files_that_are_no_networks_are_told_from_absent_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load_user_model(tmp_path / "absent.onnx")
    (tmp_path / "text.onnx").write_text("hello, this is no network")
    with pytest.raises(ConfigError, match="not an ONNX network"):
        load_user_model(tmp_path / "text.onnx")
