"""Small networks as strangers export them, made node by node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from codesign.backbones.slice_onnx import IR_VERSION, OPSET

SIDE, CLASSES = 16, 3
Node = tuple[str, list[str], list[str], dict[str, Any]]


def model_of(
    nodes: list[Node],
    weights: dict[str, np.ndarray[Any, Any]],
    *,
    image: tuple[str | int, ...] = ("n", 3, SIDE, SIDE),
    outputs: tuple[str, ...] = ("scores",),
    opset: int = OPSET,
) -> onnx.ModelProto:
    """A graph from `x` to `scores`."""
    graph = helper.make_graph(
        [
            helper.make_node(kind, read, made, name=f"node_{k}", **how)
            for k, (kind, read, made, how) in enumerate(nodes)
        ],
        "stranger",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = IR_VERSION
    return model


def residual_network(blocks: int = 4, width: int = 8, seed: int = 0, *, exporter_tail: bool = True) -> onnx.ModelProto:
    """A stem, residual blocks, a stride in the middle, a pooled classifier; its flattening as exporters write it."""
    rng = np.random.default_rng(seed)
    weights: dict[str, np.ndarray[Any, Any]] = {}
    nodes: list[Node] = []

    def convolution(x: str, out: str, channels: int, made: int, stride: int = 1) -> None:
        weights[f"{out}.w"] = (rng.normal(size=(made, channels, 3, 3)) / np.sqrt(9 * channels)).astype(np.float32)
        weights[f"{out}.b"] = (0.1 * rng.normal(size=made)).astype(np.float32)
        how = {"kernel_shape": [3, 3], "pads": [1] * 4, "strides": [stride] * 2}
        nodes.append(("Conv", [x, f"{out}.w", f"{out}.b"], [out], how))

    convolution("x", "stem", 3, width, stride=2)
    nodes.append(("Relu", ["stem"], ["f0"], {}))
    for k in range(blocks):
        convolution(f"f{k}", f"c{k}", width, width)
        nodes.append(("Relu", [f"c{k}"], [f"r{k}"], {}))
        convolution(f"r{k}", f"d{k}", width, width)
        nodes.append(("Add", [f"d{k}", f"f{k}"], [f"s{k}"], {}))
        nodes.append(("Relu", [f"s{k}"], [f"f{k + 1}"], {}))
    nodes.append(("GlobalAveragePool", [f"f{blocks}"], ["pooled"], {}))
    if exporter_tail:
        nodes += [
            ("Shape", ["pooled"], ["shape"], {}),
            ("Constant", [], ["zero"], {"value": numpy_helper.from_array(np.asarray(0, dtype=np.int64))}),
            ("Gather", ["shape", "zero"], ["batch"], {"axis": 0}),
            ("Constant", [], ["axes"], {"value": numpy_helper.from_array(np.asarray([0], dtype=np.int64))}),
            ("Unsqueeze", ["batch", "axes"], ["batches"], {}),
            ("Constant", [], ["rest"], {"value": numpy_helper.from_array(np.asarray([-1], dtype=np.int64))}),
            ("Concat", ["batches", "rest"], ["target"], {"axis": 0}),
            ("Reshape", ["pooled", "target"], ["flat"], {}),
        ]
    else:
        nodes.append(("Flatten", ["pooled"], ["flat"], {"axis": 1}))
    weights["w"] = rng.normal(size=(CLASSES, width)).astype(np.float32)
    weights["b"] = np.zeros(CLASSES, dtype=np.float32)
    nodes.append(("Gemm", ["flat", "w", "b"], ["scores"], {"transB": 1}))
    return model_of(nodes, weights)


def saved(model: onnx.ModelProto, folder: Path, name: str = "net.onnx") -> Path:
    """The file a user would bring."""
    onnx.save(model, str(folder / name))
    return folder / name


def skilled_network(blocks: int = 4, width: int = 48, seed: int = 0, sharpness: float = 30.0) -> onnx.ModelProto:
    """A residual network that tells by an image's mean colour which of three classes it is: no training needed."""
    model = residual_network(blocks, width, seed)
    for weight in model.graph.initializer:
        value = np.array(numpy_helper.to_array(weight))
        if weight.name == "stem.w":
            value[:3] = 0.0
            for channel in range(3):
                value[channel, channel, 1, 1] = 1.0
        elif weight.name == "stem.b":
            value[:] = 0.0
        elif weight.name == "w":
            value[:] = 0.0
            value[:, :3] = sharpness * (np.eye(CLASSES) - 1.0 / CLASSES)
        elif weight.name.endswith(".w"):
            value *= 0.05
            value[:3] = 0.0  # the three colours pass by the blocks untouched
        elif weight.name.endswith(".b"):
            value[:3] = 0.0
        weight.CopyFrom(numpy_helper.from_array(value.astype(np.float32), weight.name))
    return model
