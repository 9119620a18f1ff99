"""A backbone slice as an ONNX graph with named cut points, batch normalisation folded into the convolutions.

Written node by node rather than traced: the names of the cut points are then ours, and a search that prices a
thousand backbones does not wait a second for each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from runtime.contract.arrays import FloatArray

from .slice import BackboneSlice, Convolution

OPSET, IR_VERSION = 17, 8  # read by ONNX Runtime 1.19 (the last one for JetPack 5) and TensorRT 8.5 alike
IMAGE, LOGITS = "image", "logits"


def cut_name(stage: int, block: int) -> str:
    """Name of the tensor that block `block` of stage `stage` hands on."""
    return f"features_{stage}_{block}"


def resize_scale(side: int, wanted: int) -> np.float32:
    """The scale by which ONNX's Resize makes `side` pixels exactly `wanted`.

    It computes floor(side × scale) in float32, which with the float32 nearest to the ratio falls short for about one
    pair in twenty (37 pixels would become 23, not 24).
    """
    scale = np.float32(wanted / side)
    while np.floor(np.float32(side) * scale) < wanted:
        scale = np.nextafter(scale, np.float32(np.inf))
    return scale


class GraphWriter:
    """Collects nodes and weights; each method appends one operation and returns the name of its output."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: FloatArray) -> str:
        """Add a weight; float32, integers stay integers."""
        if value.dtype.kind == "f":
            value = value.astype(np.float32)
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), self.prefix + name))
        return self.prefix + name

    def node(self, operation: str, inputs: list[str], name: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node; its output is called `output`, or like the node."""
        output = output or self.prefix + name
        self.nodes.append(helper.make_node(operation, inputs, [output], name=self.prefix + name, **attributes))
        return output

    def convolution(self, x: str, conv: nn.Conv2d, norm: nn.BatchNorm2d | None, name: str) -> str:
        """A convolution with its batch normalisation folded in."""
        weight = conv.weight.detach().numpy().astype(np.float64)
        bias = np.zeros(len(weight)) if conv.bias is None else conv.bias.detach().numpy().astype(np.float64)
        if norm is not None:
            if norm.running_mean is None or norm.running_var is None:
                raise ValueError("batch normalisation without statistics cannot be folded")
            gain = norm.weight.detach().numpy() / np.sqrt(norm.running_var.numpy().astype(np.float64) + norm.eps)
            bias = norm.bias.detach().numpy() + gain * (bias - norm.running_mean.numpy())
            weight = weight * gain[:, None, None, None]
        padding = int(conv.padding[0])
        inputs = [x, self.weight(f"{name}.weight", weight), self.weight(f"{name}.bias", bias)]
        return self.node(
            "Conv",
            inputs,
            name,
            kernel_shape=list(conv.kernel_size),
            strides=list(conv.stride),
            pads=[padding] * 4,
            group=conv.groups,
        )

    def activation(self, x: str, activation: str, name: str) -> str:
        """ReLU or hard swish."""
        return self.node("Relu" if activation == "relu" else "HardSwish", [x], name)

    def classifier(self, x: str, linear: nn.Linear, name: str, output: str) -> str:
        """Global average pooling, flattening, and a linear layer: (batch, channels, h, w) to (batch, classes)."""
        pooled = self.node("GlobalAveragePool", [x], f"{name}.pool")
        flat = self.node("Flatten", [pooled], f"{name}.flat", axis=1)
        weight = self.weight(f"{name}.weight", linear.weight.detach().numpy())
        bias = self.weight(f"{name}.bias", linear.bias.detach().numpy())
        return self.node("Gemm", [flat, weight, bias], name, output, transB=1)


def slice_to_onnx(network: BackboneSlice, height: int, width: int, classes: int) -> onnx.ModelProto:
    """The graph of a recalibrated slice.

    Input `image` (batch, 3, height, width), output `logits` (batch, classes); every block's output carries its
    `cut_name`. The resolution gene becomes a Resize in front.
    """
    writer = GraphWriter()
    x = IMAGE
    if (height, width) != (network.design.resolution,) * 2:
        factors = [resize_scale(side, network.design.resolution) for side in (height, width)]
        scales = writer.weight("resize.scales", np.asarray([1.0, 1.0, *factors], dtype=np.float32))
        x = writer.node("Resize", [x, "", scales], "resize", mode="linear", coordinate_transformation_mode="half_pixel")

    def convolved(x: str, layer: Convolution, name: str) -> str:
        return writer.convolution(x, layer.conv, layer.norm, name)

    x = writer.activation(convolved(x, network.stem, "stem"), network.activation, "stem.act")
    for (stage, block), layer in zip(network.positions, network.blocks_in_order, strict=True):
        name = f"block_{stage}_{block}"
        inner = writer.activation(convolved(x, layer.expand, f"{name}.expand"), network.activation, f"{name}.act1")
        inner = convolved(inner, layer.depthwise, f"{name}.depthwise")
        inner = writer.activation(inner, network.activation, f"{name}.act2")
        inner = convolved(inner, layer.project, f"{name}.project")
        operation, inputs = ("Add", [x, inner]) if layer.residual else ("Identity", [inner])
        x = writer.node(operation, inputs, f"{name}.out", cut_name(stage, block))
    x = writer.activation(convolved(x, network.last, "last"), network.activation, "last.act")
    writer.classifier(x, network.classifier, "classifier", LOGITS)
    graph = helper.make_graph(
        writer.nodes,
        "backbone",
        [helper.make_tensor_value_info(IMAGE, TensorProto.FLOAT, ["batch", 3, height, width])],
        [helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["batch", classes])],
        writer.weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="edge-codesign")
    model.ir_version = IR_VERSION
    return model
