"""A backbone's ONNX graph with a head and an entropy output at each exit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import onnx
from onnx import TensorProto, helper

from codesign.backbones.onnx_work import infer_shapes
from codesign.backbones.slice_onnx import LOGITS, GraphWriter
from runtime.contract.errors import ConfigError

from .names import ENTROPY, exit_entropy, exit_logits


def write_entropy(writer: GraphWriter, logits: str, output: str) -> None:
    """Shannon entropy in nats of softmax(logits), (batch, classes) to (batch,); what `contract.entropy` computes."""
    ln_p = writer.node("LogSoftmax", [logits], f"{output}.ln_p", axis=1)
    p = writer.node("Exp", [ln_p], f"{output}.p")
    terms = writer.node("Mul", [p, ln_p], f"{output}.terms")
    axes = writer.weight(f"{output}.axes", np.asarray([1], dtype=np.int64))
    negative = writer.node("ReduceSum", [terms, axes], f"{output}.sum", keepdims=0)
    writer.node("Neg", [negative], f"{output}.entropy", output)


class ExitHead(Protocol):
    """A trained head that can write itself into a graph."""

    def write(self, writer: GraphWriter, cut: str, features: tuple[int, ...], output: str) -> None:
        """Nodes from the tensor `cut`, of shape `features` for one image, to the logits `output` (batch, classes)."""
        ...


def with_exits(backbone: onnx.ModelProto, heads: Mapping[str, ExitHead]) -> onnx.ModelProto:
    """Attach heads, keyed by the cut they read.

    Returns:
        The same graph, weights untouched, with `logits@CUT` and `entropy@CUT` per head beside `logits` and `entropy`.
    Raises:
        ConfigError: a cut that is no tensor of the graph.
    """
    shapes = infer_shapes(backbone)
    classes = backbone.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    model = onnx.ModelProto()
    model.CopyFrom(backbone)
    writer = GraphWriter()
    for cut, head in heads.items():
        if cut not in shapes:
            raise ConfigError(f"the graph has no tensor {cut!r} to attach a head to")
        head.write(writer, cut, shapes[cut], exit_logits(cut))
        write_entropy(writer, exit_logits(cut), exit_entropy(cut))
    write_entropy(writer, LOGITS, ENTROPY)
    model.graph.node.extend(writer.nodes)
    model.graph.initializer.extend(writer.weights)
    for cut in heads:
        model.graph.output.append(
            helper.make_tensor_value_info(exit_logits(cut), TensorProto.FLOAT, ["batch", classes])
        )
        model.graph.output.append(helper.make_tensor_value_info(exit_entropy(cut), TensorProto.FLOAT, ["batch"]))
    model.graph.output.append(helper.make_tensor_value_info(ENTROPY, TensorProto.FLOAT, ["batch"]))
    return model
