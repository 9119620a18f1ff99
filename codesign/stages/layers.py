"""Layers whose numbers may be quantised: convolutions and matrix products with trained weights."""

from __future__ import annotations

import onnx

WEIGHED = ("Conv", "Gemm", "MatMul")
CLAMPS = ("Clip", "Relu")  # what engines run as one with the layer before


def weighed_layers(model: onnx.ModelProto) -> tuple[str, ...]:
    """The output tensors, by which layers are named here (nodes need no name), in the order of the graph.

    A product of two activations, as in attention, has no weights and is none of them.
    """
    weights = {weight.name for weight in model.graph.initializer}
    return tuple(
        node.output[0]
        for node in model.graph.node
        if node.op_type in WEIGHED and node.input[0] not in weights and node.input[1] in weights
    )
