"""A stage without its entropy, to be converted alone, and the entropy put back: it is computed in float32 always."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from codesign.backbones.slice_onnx import LOGITS, GraphWriter
from codesign.exits.attach import write_entropy
from codesign.exits.names import ENTROPY


def without_entropy(stage: onnx.ModelProto) -> onnx.ModelProto:
    """The stage as it hands on features and logits."""
    model = onnx.ModelProto()
    model.CopyFrom(stage)
    kept = [value for value in model.graph.output if value.name != ENTROPY]
    del model.graph.output[:]
    model.graph.output.extend(kept)
    needed, nodes = {value.name for value in kept}, []
    for node in reversed(stage.graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))
    weights = [weight for weight in stage.graph.initializer if weight.name in needed]
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)
    return model


def with_entropy(stage: onnx.ModelProto) -> onnx.ModelProto:
    """The stage with the entropy of its logits, in nats, as its last output."""
    model = onnx.ModelProto()
    model.CopyFrom(stage)
    writer = GraphWriter()
    write_entropy(writer, LOGITS, ENTROPY)
    model.graph.node.extend(writer.nodes)
    model.graph.initializer.extend(writer.weights)
    model.graph.output.append(helper.make_tensor_value_info(ENTROPY, TensorProto.FLOAT, ["batch"]))
    return model
