"""Layers that stay in float32 between quantised ones, although the engine would quantise them by itself.

ONNX Runtime (seen in 1.31) takes a float layer that reads a DequantizeLinear and feeds a QuantizeLinear for one that
somebody forgot, and quantises its weights when it loads the graph, one scale for all of them. `Max` of a single tensor
computes nothing and stands in its way; it costs one copy of the layer's output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import onnx
from onnx import helper

from .layers import CLAMPS


def kept_in_float(model: onnx.ModelProto, layers: Collection[str]) -> onnx.ModelProto:
    """The graph with every one of these layers behind a guard, after its ReLU so that the two still run as one."""
    readers = Counter(name for node in model.graph.node for name in node.input)
    outputs = {value.name for value in model.graph.output}
    alone = {
        node.input[0]: node.output[0]
        for node in model.graph.node
        if node.op_type in CLAMPS and readers[node.input[0]] == 1 and node.input[0] not in outputs
    }
    guarded = {alone.get(layer, layer) for layer in layers}
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.node[:]
    for node in model.graph.node:
        added = copy.graph.node.add()
        added.CopyFrom(node)
        if node.output[0] in guarded:
            name = node.output[0]
            added.output[0] = f"{name}@float"
            copy.graph.node.append(helper.make_node("Max", [f"{name}@float"], [name], name=f"{name}@guard"))
    return copy
