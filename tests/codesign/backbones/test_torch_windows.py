"""codesign/backbones/torch_windows.py: windows as ONNX Runtime has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper

from codesign.backbones.torch_operations import OPERATIONS, attributes_of
from codesign.backbones.torch_windows import padded
from codesign.exits.answers import onnx_session

RNG = np.random.default_rng(0)
KERNELS = RNG.normal(size=(4, 3, 3, 3)).astype(np.float32)
GROUPED = RNG.normal(size=(6, 1, 3, 2)).astype(np.float32)
WINDOWS: list[tuple[str, tuple[int, ...], list[Any], dict[str, Any]]] = [
    ("Conv", (2, 3, 9, 8), [KERNELS], {"pads": [1, 1, 1, 1], "strides": [2, 1]}),
    ("Conv", (2, 3, 9, 8), [KERNELS, np.ones(4, dtype=np.float32)], {"pads": [0, 1, 2, 0], "dilations": [2, 1]}),
    ("Conv", (2, 3, 9, 8), [KERNELS], {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    ("Conv", (2, 3, 9, 8), [KERNELS], {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
    ("Conv", (2, 3, 9, 8), [KERNELS], {"auto_pad": "VALID"}),
    ("Conv", (2, 3, 9, 8), [GROUPED], {"group": 3}),
    ("Conv", (2, 3, 9), [KERNELS[..., 0]], {"pads": [1, 1]}),
    ("AveragePool", (2, 3, 9, 8), [], {"kernel_shape": [3, 2], "strides": [2, 2]}),
    ("AveragePool", (2, 3, 8, 8), [], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1]}),
    ("AveragePool", (2, 3, 8, 8), [], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "count_include_pad": 1}),
    ("AveragePool", (2, 3, 8, 8), [], {"kernel_shape": [3, 3], "pads": [0, 1, 1, 0], "strides": [2, 2]}),
    ("MaxPool", (2, 3, 9, 8), [], {"kernel_shape": [3, 3], "pads": [1, 0, 0, 1], "strides": [2, 2]}),
    ("MaxPool", (2, 3, 8, 8), [], {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
    ("MaxPool", (2, 3, 9, 8), [], {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER", "strides": [2, 2]}),
]


@pytest.mark.parametrize(("operation", "shape", "weights", "how"), WINDOWS)
def test_windows_answer_as_in_onnx_runtime(
    operation: str, shape: tuple[int, ...], weights: list[Any], how: dict[str, Any]
) -> None:
    arrays = [RNG.normal(size=shape).astype(np.float32), *weights]
    names = [f"in{k}" for k in range(len(arrays))]
    node = helper.make_node(operation, names, ["out"], **how)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, array.shape)
        for name, array in zip(names, arrays, strict=True)
    ]
    output = helper.make_tensor_value_info("out", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "one", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (expected,) = onnx_session(model, 1).run(None, dict(zip(names, arrays, strict=True)))
    found = OPERATIONS[operation](attributes_of(node), *(torch.from_numpy(array) for array in arrays))
    assert isinstance(found, torch.Tensor)
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-4)


def test_pads_are_listed_as_onnx_does_beginnings_before_ends() -> None:
    x = torch.ones(1, 1, 2, 2)
    found = padded(x, [0, 0, 1, 2, 0, 0, 0, 0], 7.0)
    assert found.shape == (1, 1, 3, 4)
    assert found[0, 0, 0].tolist() == [7.0] * 4
    assert padded(x, [0] * 8) is x
