"""Stages put back together into one graph with exits: what a converted network answers in one piece."""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnxruntime.transformers.onnx_model import OnnxModel

from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.exits.names import ENTROPY, exit_entropy, exit_logits
from runtime.contract.errors import ConfigError


def joined(stages: Sequence[onnx.ModelProto], cuts: Sequence[str]) -> onnx.ModelProto:
    """One graph with `logits@CUT` and `entropy@CUT` for each cut, `logits` and `entropy` at the end.

    The inverse of `cut_into_stages` with every exit kept; what it gives can be cut again, at any of the exits. Names
    inside a stage get a prefix, since stages converted one by one know nothing of each other's.

    Args:
        stages: in order; stage k hands on `cuts[k]`, the last one nothing.
        cuts: one less than stages.
    Raises:
        ConfigError: another number of cuts, or stages of different opsets.
    """
    if len(cuts) != len(stages) - 1:
        raise ConfigError(f"{len(stages)} stages are joined at {len(stages) - 1} cuts, got {len(cuts)}")
    opsets = {_opset(stage) for stage in stages}
    if len(opsets) > 1:
        raise ConfigError(f"stages of opsets {sorted(opsets)} cannot be one graph", to_do="convert all of them alike")
    graph = onnx.GraphProto(name="joined")
    graph.input.append(stages[0].graph.input[0])
    for number, stage in enumerate(stages):
        names = {IMAGE: IMAGE, "": ""} | {cut: cut for cut in cuts}
        if number < len(cuts):
            names |= {LOGITS: exit_logits(cuts[number]), ENTROPY: exit_entropy(cuts[number])}
        else:
            names |= {LOGITS: LOGITS, ENTROPY: ENTROPY}
        _append(graph, stage.graph, names, f"s{number}.")
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opsets.pop())])
    model.ir_version = max(stage.ir_version for stage in stages)
    onnx.checker.check_model(model, full_check=True)
    return model


def _append(graph: onnx.GraphProto, stage: onnx.GraphProto, names: dict[str, str], prefix: str) -> None:
    def renamed(name: str) -> str:
        return names.get(name, prefix + name)

    for node in _sorted(stage):
        added = graph.node.add()
        added.CopyFrom(node)
        added.name = prefix + node.name
        added.input[:] = map(renamed, node.input)
        added.output[:] = map(renamed, node.output)
    for weight in stage.initializer:
        added_weight = graph.initializer.add()
        added_weight.CopyFrom(weight)
        added_weight.name = renamed(weight.name)
    for value in stage.output:
        if value.name in (LOGITS, ENTROPY):
            added_value = graph.output.add()
            added_value.CopyFrom(value)
            added_value.name = renamed(value.name)


def _sorted(stage: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The nodes in an order in which they can run: converters append theirs at the end."""
    model = onnx.helper.make_model(stage)  # a copy
    OnnxModel(model).topological_sort()
    return list(model.graph.node)


def _opset(stage: onnx.ModelProto) -> int:
    version: int = next(entry.version for entry in stage.opset_import if entry.domain in ("", "ai.onnx"))
    return version
