from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from codesign.backbones.onnx_work import infer_shapes
from codesign.backbones.slice import BackboneSlice, recalibrate
from codesign.backbones.slice_onnx import (
    IMAGE,
    IR_VERSION,
    LOGITS,
    OPSET,
    GraphWriter,
    cut_name,
    resize_scale,
    slice_to_onnx,
)
from codesign.exits.answers import onnx_session
from tests.codesign.small_networks import CLASSES, SIDE, SPACE, design, random_batch, small_supernet

RESIZED, NATIVE = 0, 1


def recalibrated(genes: tuple[int, ...], activation: str = "relu") -> BackboneSlice:
    network = BackboneSlice(small_supernet(2, activation), design(*genes))
    recalibrate(network, [random_batch(seed=1), random_batch(seed=2)])
    return network


@pytest.mark.parametrize("activation", ["relu", "hardswish"])
@pytest.mark.parametrize(
    "genes",
    [
        (NATIVE, 0, 1, 0, 0, 0, 0, 0, 0),  # residual blocks of stride 1
        (NATIVE, 1, 0, 1, 1, 1, 1, 1, 0),  # no residual at the first block, 5×5 kernels
        (RESIZED, 0, 0, 0, 0, 0, 0, 0, 0),
        (RESIZED, 1, 1, 1, 1, 1, 1, 1, 0),
    ],
)
def test_onnx_runtime_computes_the_logits_and_every_cut_that_torch_computes(
    genes: tuple[int, ...], activation: str
) -> None:
    network, images = recalibrated(genes, activation), random_batch(seed=7)
    model = slice_to_onnx(network, SIDE, SIDE, CLASSES)
    onnx.checker.check_model(model, full_check=True)
    cuts = [cut_name(*position) for position in network.positions]
    model.graph.output.extend(helper.make_tensor_value_info(cut, TensorProto.FLOAT, None) for cut in cuts)
    logits, *features = onnx_session(model, 1).run([LOGITS, *cuts], {IMAGE: images.numpy()})
    with torch.no_grad():
        expected_features, expected = network.features(images)
    np.testing.assert_allclose(logits, expected.numpy(), rtol=0, atol=1e-5)
    for found, tensor in zip(features, expected_features.values(), strict=True):
        np.testing.assert_allclose(found, tensor.numpy(), rtol=1e-5, atol=2e-5)


@pytest.mark.parametrize(("height", "width"), [(37, 37), (20, 14), (12, 16), (41, 79)])
def test_images_of_any_size_are_brought_to_the_resolution_as_torch_does(height: int, width: int) -> None:
    network = recalibrated((RESIZED, *[0] * 8))
    images = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    model = slice_to_onnx(network, height, width, CLASSES)
    with torch.no_grad():
        expected = network(images).numpy()
    found = onnx_session(model, 1).run([LOGITS], {IMAGE: images.numpy()})[0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


def test_the_scale_of_a_resize_hits_every_size_where_the_nearest_float_misses_some() -> None:
    sizes = range(8, 300)
    missed = 0
    for side in sizes:
        for wanted in (16, 24, 32, 192, 224):
            assert np.floor(np.float32(side) * resize_scale(side, wanted)) == wanted
            assert resize_scale(side, wanted) == pytest.approx(wanted / side, rel=2e-7)
            missed += np.floor(np.float32(side) * np.float32(wanted / side)) != wanted
    assert missed > 0


def test_onnx_runtime_and_shape_inference_agree_with_that_scale() -> None:
    writer = GraphWriter()  # 37 → 24 and 23 → 224 are pairs that the nearest float32 misses
    scales = writer.weight("scales", np.asarray([1, 1, resize_scale(37, 24), resize_scale(23, 224)], np.float32))
    writer.node("Resize", ["x", "", scales], "out", mode="linear", coordinate_transformation_mode="half_pixel")
    graph = helper.make_graph(
        writer.nodes,
        "resize",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, 37, 23])],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, None)],
        writer.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    assert infer_shapes(model)["out"] == (1, 1, 24, 224)
    x = np.ones((2, 1, 37, 23), np.float32)
    assert onnx_session(model, 1).run(None, {"x": x})[0].shape == (2, 1, 24, 224)


def test_an_image_of_the_resolution_itself_is_not_resized() -> None:
    def operations(genes: tuple[int, ...]) -> list[str]:
        return [node.op_type for node in slice_to_onnx(recalibrated(genes), SIDE, SIDE, CLASSES).graph.node]

    assert "Resize" not in operations((NATIVE, *[0] * 8))
    assert operations((RESIZED, *[0] * 8))[0] == "Resize"


def test_the_graph_has_no_batch_norm_left_and_is_readable_by_old_runtimes() -> None:
    model = slice_to_onnx(recalibrated((NATIVE, *[1] * 7, 0)), SIDE, SIDE, CLASSES)
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)


def test_the_batch_is_free_and_everything_else_fixed() -> None:
    model = slice_to_onnx(recalibrated((NATIVE, *[0] * 8)), SIDE, SIDE, CLASSES)
    session = onnx_session(model, 1)
    assert session.get_inputs()[0].shape == ["batch", 3, SIDE, SIDE]
    assert session.get_outputs()[0].shape == ["batch", CLASSES]
    for count in (1, 5):
        assert session.run([LOGITS], {IMAGE: random_batch(count).numpy()})[0].shape == (count, CLASSES)


def test_samples_do_not_see_each_other() -> None:
    session = onnx_session(slice_to_onnx(recalibrated((RESIZED, *[1] * 7, 0)), SIDE, SIDE, CLASSES), 1)
    images = random_batch(4).numpy()
    together = session.run([LOGITS], {IMAGE: images})[0]
    alone = np.concatenate([session.run([LOGITS], {IMAGE: image[None]})[0] for image in images])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


def test_a_prefix_keeps_the_names_of_two_parts_apart() -> None:
    writer = GraphWriter(prefix="left/")
    assert writer.node("Relu", [writer.weight("w", np.zeros(3))], "act") == "left/act"
    assert writer.node("Relu", ["left/act"], "again", "out") == "out"
    assert [weight.name for weight in writer.weights] == ["left/w"]
    assert writer.weights[0].data_type == TensorProto.FLOAT  # from float64
    assert GraphWriter().weight("axes", np.asarray([1])) == "axes"


def test_batch_norm_without_statistics_cannot_be_folded() -> None:
    convolution, norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)
    with pytest.raises(ValueError, match="without statistics cannot be folded"):
        GraphWriter().convolution("x", convolution, norm, "c")


def test_space_genes_reach_the_graph() -> None:
    model = slice_to_onnx(recalibrated((NATIVE, 0, 1, 1, 0, 1, 0, 0, 0)), SIDE, SIDE, CLASSES)
    kernels = {
        node.name: list(attribute.ints)
        for node in model.graph.node
        for attribute in node.attribute
        if "depthwise" in node.name and attribute.name == "kernel_shape"
    }
    assert kernels == {
        "block_0_0.depthwise": [5, 5],
        "block_0_1.depthwise": [5, 5],
        "block_1_0.depthwise": [3, 3],
    }
    assert SPACE.stages[1].stride == 2
    assert infer_shapes(model)[cut_name(1, 0)] == (1, 16, 8, 8)
