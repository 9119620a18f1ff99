"""codesign/exits/deep_head.py"""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from codesign.backbones.slice_onnx import IR_VERSION, OPSET, GraphWriter
from codesign.exits.answers import onnx_session
from codesign.exits.deep_head import BLOCKS, DeepHead, HeadShape, head_shape
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError

CLASSES = 4


def trained(shape: HeadShape, features: tuple[int, ...]) -> DeepHead:
    """A head whose batch norms have seen something."""
    torch.manual_seed(0)
    head = DeepHead(shape)
    head.train()
    for _ in range(5):
        head(2.0 * torch.randn(8, *features[1:]) + 0.5)
    return head.eval()


def in_a_graph(head: DeepHead, features: tuple[int, ...], data: FloatArray) -> FloatArray:
    writer = GraphWriter()
    head.write(writer, "f", features, "z")
    graph = helper.make_graph(
        writer.nodes,
        "head",
        [helper.make_tensor_value_info("f", TensorProto.FLOAT, ["batch", *features[1:]])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, ["batch", CLASSES])],
        writer.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    found: FloatArray = onnx_session(model, 1).run(None, {"f": data})[0]
    return found


@pytest.mark.parametrize("kind", list(BLOCKS))
@pytest.mark.parametrize(
    "features", [(1, 16, 32, 32), (1, 32, 16, 16), (1, 48, 8, 8), (1, 5, 7, 9), (1, 8, 8, 48), (1, 10, 24)]
)
def test_a_head_answers_in_a_graph_as_it_was_trained(kind: str, features: tuple[int, ...]) -> None:
    head = trained(head_shape(kind, features, CLASSES), features)
    data = np.random.default_rng(1).normal(size=(6, *features[1:])).astype(np.float32)
    with torch.no_grad():
        expected = head(torch.from_numpy(data)).numpy()
    np.testing.assert_allclose(in_a_graph(head, features, data), expected, rtol=0, atol=2e-4)


def test_wide_maps_are_pooled_and_halved_and_small_ones_left_alone() -> None:
    assert (head_shape("deep", (1, 16, 64, 64), 2).pool, head_shape("deep", (1, 16, 64, 64), 2).stride) == (4, 2)
    assert (head_shape("deep", (1, 16, 8, 8), 2).pool, head_shape("deep", (1, 16, 8, 8), 2).stride) == (1, 1)


def test_square_maps_with_their_channels_last_are_told_from_others() -> None:
    last, first = head_shape("light", (1, 14, 14, 96), 10), head_shape("light", (1, 96, 14, 14), 10)
    assert (last.channels, last.side, last.channels_last) == (96, 14, True)
    assert (first.channels, first.side, first.channels_last) == (96, 14, False)
    assert not head_shape("light", (1, 8, 8, 8), 10).channels_last


def test_tokens_are_read_by_their_channels() -> None:
    shape = head_shape("light", (1, 65, 192), 10)
    assert (shape.side, shape.channels, shape.width) == (0, 192, 192)


def test_features_of_another_rank_or_shape_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"no head reads features of shape \(1, 64\)"):
        head_shape("deep", (1, 64), 10)
    head = DeepHead(head_shape("deep", (1, 16, 8, 8), CLASSES))
    with pytest.raises(ConfigError, match=r"cannot read features of shape \(1, 16, 16, 16\) at 'f'"):
        head.write(GraphWriter(), "f", (1, 16, 16, 16), "z")
