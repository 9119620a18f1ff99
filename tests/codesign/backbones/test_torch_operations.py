"""codesign/backbones/torch_operations.py: each operation as ONNX Runtime has it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from onnx import helper, numpy_helper

from codesign.backbones.torch_operations import OPERATIONS, attributes_of
from codesign.exits.answers import onnx_session

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 4)).astype(np.float32)
MAPS = RNG.normal(size=(2, 3, 5, 4)).astype(np.float32)
ONE, THREE = np.ones((2, 3, 4), dtype=np.float32), RNG.uniform(0.5, 2.0, size=3).astype(np.float32)
POSITIVE = np.abs(X) + 0.1


def ints(*values: int) -> Any:
    return np.asarray(values, dtype=np.int64)


def number(value: float) -> Any:
    return np.asarray(value, dtype=np.float32)


ELEMENTWISE = ("Abs", "Erf", "Exp", "Identity", "Mish", "Neg", "Relu", "Sigmoid", "HardSwish", "Softplus", "Tanh")
CASES: list[tuple[str, list[Any], dict[str, Any]]] = [
    *((name, [X], {}) for name in ELEMENTWISE),
    *((name, [POSITIVE], {}) for name in ("Log", "Reciprocal", "Sqrt")),
    *((name, [X, POSITIVE], {}) for name in ("Add", "Div", "Mul", "Sub")),
    ("BatchNormalization", [MAPS, THREE, THREE, THREE, THREE], {"epsilon": 1e-3}),
    ("Cast", [ints(1, 2)], {"to": 1}),
    ("Clip", [X, number(-0.5), number(0.5)], {}),
    ("Clip", [X], {}),
    ("Concat", [X, ONE], {"axis": -1}),
    ("ConstantOfShape", [ints(2, 3)], {"value": numpy_helper.from_array(np.asarray([2.0], dtype=np.float32))}),
    ("Div", [ints(7, -7), ints(2, 2)], {}),
    ("Dropout", [X], {}),
    ("Elu", [X], {"alpha": 0.5}),
    ("Expand", [X[:, :1], ints(3, 1)], {}),
    ("Flatten", [MAPS], {"axis": 2}),
    ("Gather", [X, np.asarray([[0, -1]], dtype=np.int64)], {"axis": 1}),
    ("Gather", [X, np.asarray(1, dtype=np.int64)], {"axis": 1}),
    ("Gelu", [X], {"approximate": "tanh"}),
    ("Gemm", [X[0], X[1], THREE], {"transB": 1, "alpha": 0.5, "beta": 2.0}),
    ("Gemm", [X[0], X[1]], {"transA": 1}),
    ("GlobalAveragePool", [MAPS], {}),
    ("GlobalMaxPool", [MAPS], {}),
    ("HardSigmoid", [X], {"alpha": 0.3}),
    ("LayerNormalization", [X, ONE[0, 0], X[0, 0]], {"axis": -1, "epsilon": 1e-3}),
    ("LeakyRelu", [X], {}),
    ("MatMul", [X, np.swapaxes(X, 1, 2).copy()], {}),
    ("PRelu", [MAPS, THREE[:, None, None]], {}),
    ("Pad", [MAPS, ints(0, 1, 0, 0, 0, 2, 1, 0), number(3.0)], {}),
    ("Pad", [MAPS, ints(0, 0, 1, 1, 0, 0, 1, 2)], {"mode": "reflect"}),
    ("Pad", [MAPS, ints(1, 2), number(0.0), ints(-1)], {}),
    ("Pow", [POSITIVE, number(2.0)], {}),
    ("ReduceMax", [X, ints(1)], {"keepdims": 0}),
    ("ReduceMean", [X, ints(-1)], {}),
    ("ReduceMean", [X], {}),
    ("ReduceSum", [X, ints(0, 2)], {"keepdims": 0}),
    ("Reshape", [X, ints(0, -1)], {}),
    ("Shape", [X], {"start": 1}),
    ("Slice", [X, ints(1, 0), ints(2**62, -1), ints(2, 1), ints(2, 1)], {}),
    ("Slice", [X, ints(-1), ints(-(2**62)), ints(2), ints(-2)], {}),
    ("Slice", [X, ints(1), ints(2)], {}),
    ("Softmax", [X], {"axis": 1}),
    ("Split", [X, ints(1, 3)], {"axis": 2}),
    ("Split", [X], {"axis": 2, "num_outputs": 2}),
    ("Squeeze", [X[:, :1], ints(1)], {}),
    ("Transpose", [X], {"perm": [2, 0, 1]}),
    ("Transpose", [X], {}),
    ("Unsqueeze", [X, ints(-1, 0)], {}),
    ("Where", [X > 0, X, ONE], {}),
]


@pytest.mark.parametrize(("operation", "arrays", "how"), CASES)
def test_operations_answer_as_in_onnx_runtime(operation: str, arrays: list[Any], how: dict[str, Any]) -> None:
    made = ["out", "more"] if operation == "Split" else ["out"]
    names = [f"in{k}" for k in range(len(arrays))]
    node = helper.make_node(operation, names, made, **how)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
        for name, array in zip(names, arrays, strict=True)
    ]
    outputs = [helper.make_empty_tensor_value_info(name) for name in made]
    model = helper.make_model(
        helper.make_graph([node], "one", inputs, outputs), opset_imports=[helper.make_opsetid("", 21)], ir_version=10
    )
    expected = onnx_session(model, 1).run(None, dict(zip(names, arrays, strict=True)))
    found = OPERATIONS[operation](attributes_of(node), *(torch.from_numpy(np.asarray(array)) for array in arrays))
    tensors = [found] if isinstance(found, torch.Tensor) else list(found)
    assert len(tensors) == len(expected)
    for one, wanted in zip(tensors, expected, strict=True):
        assert tuple(one.shape) == wanted.shape
        np.testing.assert_allclose(one.numpy(), wanted, rtol=1e-5, atol=1e-5)


def test_every_operation_is_compared() -> None:
    windows = {"AveragePool", "Conv", "MaxPool"}  # compared in test_torch_windows
    assert {operation for operation, _, _ in CASES} | windows == set(OPERATIONS)
