"""codesign/backbones/front_network.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from codesign.backbones.front_network import FrontNetwork, FrontShape, front_shape, front_to_onnx
from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.backbones.user_model import load_user_model
from codesign.exits.answers import onnx_session
from runtime.contract.errors import ConfigError


def used(shape: FrontShape) -> FrontNetwork:
    """A network whose batch norms have seen something, so that folding them matters."""
    torch.manual_seed(0)
    network = FrontNetwork(shape).train()
    network(torch.randn(8, 3, shape.height, shape.width) + 1.0)
    return network.eval()


@pytest.mark.parametrize("shape", [FrontShape(32, 32, 10, 6), FrontShape(96, 70, 5, 4), FrontShape(15, 17, 3, 4)])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_graph_answers_as_the_module_does_in_either_layout(shape: FrontShape, layout: str) -> None:
    network = used(shape)
    images = torch.randn(4, 3, shape.height, shape.width)
    expected = network(images).detach().numpy()
    given_images = images.numpy() if layout == "NCHW" else np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())
    session = onnx_session(front_to_onnx(network, layout), 1)
    found = session.run([LOGITS], {IMAGE: given_images})[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("shape", [FrontShape(32, 32, 10, 6), FrontShape(200, 140, 5, 4), FrontShape(15, 17, 3, 4)])
def test_the_work_it_was_sized_by_is_the_work_that_its_graph_does(shape: FrontShape, tmp_path: Path) -> None:
    onnx.save(front_to_onnx(used(shape), "NCHW"), str(tmp_path / "front.onnx"))
    model = load_user_model(tmp_path / "front.onnx")
    assert model.macs == shape.macs
    assert (model.height, model.width, model.classes) == (shape.height, shape.width, shape.classes)
    assert model.exits


@given(st.integers(8, 256), st.integers(8, 256), st.integers(2, 1000), st.floats(1e7, 1e9))
def test_no_wider_network_would_keep_to_the_limit(height: int, width: int, classes: int, most: float) -> None:
    shape = front_shape(height, width, classes, most)
    assert shape.macs <= most < FrontShape(height, width, classes, shape.channels + 2).macs


def test_small_images_are_not_strided_in_the_stem_and_large_ones_are() -> None:
    strides = {side: FrontShape(side, side, 10, 8).stem_strides for side in (16, 32, 63, 64, 224)}
    assert strides == {16: (1,), 32: (1,), 63: (1,), 64: (2,), 224: (2, 2)}


def test_a_network_too_small_for_a_front_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"takes 0\.\d+ M multiply-accumulates, and to pay it may take at most 0\.00 M"
    ):
        front_shape(32, 32, 10, 1000.0)
