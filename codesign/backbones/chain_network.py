"""A network of a space of chains as an ONNX graph with random weights: what is timed does not depend on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from codesign.space.chain_layers import (
    CONCAT,
    CONV,
    IMAGE,
    IMAGE_CHANNELS,
    LINEAR,
    MEAN,
    Layer,
    layers_of,
)
from codesign.space.chain_space import ChainSpace
from runtime.contract.arrays import IntArray
from runtime.contract.tensor_spec import TensorSpec

OPSET, IR_VERSION = 17, 8  # what ONNX Runtime of JetPack 6 reads
GRAPH_INPUT, GRAPH_OUTPUT = "image", "answer"


def chain_input(space: ChainSpace) -> TensorSpec:
    """What a network of the space takes: RGB scaled to -1…1."""
    return TensorSpec(space.side, space.side, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def chain_network(space: ChainSpace, genome: IntArray, seed: int = 0) -> onnx.ModelProto:
    """The graph for a batch of one: `image` (1, 3, side, side) to `answer` (1, classes).

    Weights keep the scale of what passes through (He initialisation): values that vanish become denormal numbers, and
    those are slow.

    Raises:
        ConfigError: the genome is not of this space.
    """
    layers, rng = layers_of(space, genome), np.random.default_rng(seed)
    nodes: list[onnx.NodeProto] = []
    weights: list[TensorProto] = []
    for number, layer in enumerate(layers):
        reads = [GRAPH_INPUT if read == IMAGE else f"t{read}" for read in layer.reads]
        writes = GRAPH_OUTPUT if number == len(layers) - 1 else f"t{number}"
        if layer.kind in (CONV, LINEAR):
            entering = IMAGE_CHANNELS if layer.reads[0] == IMAGE else layers[layer.reads[0]].channels
            weights += _weights(layer, entering, f"w{number}", f"b{number}", rng)
            if layer.kind == LINEAR:
                nodes.append(helper.make_node("Flatten", reads, ["flat"], axis=1))
                reads = ["flat"]
            reads += [f"w{number}", f"b{number}"]
        nodes.append(helper.make_node(layer.kind, reads, [writes], f"n{number}", **_attributes(layer, layers, space)))
    graph = helper.make_graph(
        nodes,
        space.name,
        [_value(GRAPH_INPUT, (1, IMAGE_CHANNELS, space.side, space.side))],
        [_value(GRAPH_OUTPUT, (1, space.classes))],
        weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _attributes(layer: Layer, layers: tuple[Layer, ...], space: ChainSpace) -> dict[str, Any]:
    if layer.kind == CONCAT:
        return {"axis": 1}
    if layer.kind == LINEAR:
        return {"transB": 1}
    if layer.kind not in (CONV, MEAN):
        return {}
    entering = space.side if layer.reads[0] == IMAGE else layers[layer.reads[0]].side
    # As many zeros as give side / stride, rounded up: odd ones go behind, as "SAME_UPPER" does.
    zeros = max(0, (layer.side - 1) * layer.stride + layer.kernel - entering)
    begin, end = zeros // 2, zeros - zeros // 2
    sizes = {"kernel_shape": [layer.kernel] * 2, "strides": [layer.stride] * 2, "pads": [begin, begin, end, end]}
    return sizes | ({"group": layer.groups} if layer.kind == CONV else {})


def _weights(
    layer: Layer, entering: int, name: str, bias: str, rng: np.random.Generator
) -> tuple[TensorProto, TensorProto]:
    per_group = entering // layer.groups
    fan_in = per_group * layer.kernel**2
    shape = (layer.channels, per_group) + ((layer.kernel, layer.kernel) if layer.kind == CONV else ())
    values = rng.normal(0.0, np.sqrt(2.0 / fan_in), shape).astype(np.float32)
    return numpy_helper.from_array(values, name), numpy_helper.from_array(np.zeros(layer.channels, np.float32), bias)


def _value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
