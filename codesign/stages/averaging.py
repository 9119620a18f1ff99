"""Stages that add what the stage before them answered to their own answer, by surgery on their graphs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper

from codesign.backbones.slice_onnx import LOGITS, GraphWriter
from codesign.exits.attach import write_entropy
from codesign.exits.names import ENTROPY
from codesign.policy.averaging import Averaging


def answer_name(stage: int) -> str:
    """What a stage hands on besides features: its log-probabilities, those before it counted in."""
    return f"answer_{stage}"


def with_averaging(stages: Sequence[onnx.ModelProto], averaging: Averaging) -> list[onnx.ModelProto]:
    """The same stages with a share of the answer before added to each (`policy.averaging`).

    Every stage that averages reads the answer before, and whoever is followed by one hands its own on. `logits` become
    the answer, and `entropy` is taken of it. Stages that neither read nor hand on stay as they are.
    """
    count = len(stages) if averaging.at_the_end else len(stages) - 1  # of stages that take part
    if averaging.weight == 0.0 or count < 2:
        return list(stages)
    taking_part = [
        _averaged(
            stage,
            averaging.weight,
            reads=answer_name(number - 1) if number > 0 else None,
            hands_on=answer_name(number) if number < count - 1 else None,
        )
        for number, stage in enumerate(stages[:count])
    ]
    return [*taking_part, *stages[count:]]


def _averaged(stage: onnx.ModelProto, weight: float, *, reads: str | None, hands_on: str | None) -> onnx.ModelProto:
    model = onnx.ModelProto()
    model.CopyFrom(stage)
    classes = (
        next(value for value in model.graph.output if value.name == LOGITS).type.tensor_type.shape.dim[1].dim_value
    )
    alone = f"{LOGITS}@alone"
    features = [value.name for value in model.graph.output if value.name not in (LOGITS, ENTROPY)]
    kept = [node for node in model.graph.node if ENTROPY not in node.output]
    for node in kept:
        node.input[:] = [alone if name == LOGITS else name for name in node.input]
        node.output[:] = [alone if name == LOGITS else name for name in node.output]
    writer = GraphWriter("averaging.")
    own = writer.node("LogSoftmax", [alone], "own", axis=1)
    if reads is not None:
        share = writer.weight("weight", np.asarray(weight, dtype=np.float32))
        before = writer.node("Mul", [reads, share], "before")
        writer.node("Add", [own, before], "sum", LOGITS)
        model.graph.input.append(helper.make_tensor_value_info(reads, TensorProto.FLOAT, ["batch", classes]))
    else:
        writer.node("Identity", [own], "sum", LOGITS)
    write_entropy(writer, LOGITS, ENTROPY)
    if hands_on is not None:
        writer.node("Identity", [LOGITS], "handed_on", hands_on)
        model.graph.output.append(helper.make_tensor_value_info(hands_on, TensorProto.FLOAT, ["batch", classes]))
    del model.graph.node[:]
    model.graph.node.extend([*_alive(kept, {alone, *features}), *writer.nodes])
    model.graph.initializer.extend(writer.weights)
    onnx.checker.check_model(model, full_check=True)
    return model


def _alive(nodes: Sequence[onnx.NodeProto], needed: set[str]) -> list[onnx.NodeProto]:
    """Without what only the old entropy needed."""
    alive = []
    for node in reversed(nodes):
        if needed & set(node.output):
            alive.append(node)
            needed = needed | set(node.input)
    return alive[::-1]
