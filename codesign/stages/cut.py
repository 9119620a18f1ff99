"""Cut an ONNX graph with exits into stages: one ONNX model from each exit to the next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import onnx
from onnx import TensorProto, helper
from onnx.utils import Extractor

from codesign.backbones.onnx_work import infer_shapes
from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.exits.names import ENTROPY, exit_entropy, exit_logits
from runtime.contract.errors import ConfigError


def cut_into_stages(model: onnx.ModelProto, cuts: Sequence[str], *, ends_early: bool = False) -> list[onnx.ModelProto]:
    """Stages of one backbone.

    Args:
        model: a graph that `exits.attach.with_exits` made.
        cuts: the cut points whose exits are kept, in order.
        ends_early: the backbone is left at the last of `cuts` and never run to its end (a larger one starts afresh).
    Returns:
        One model per stage. Inputs: `image`, or the cut the stage before handed on. Outputs: `logits`, `entropy`, and
        the cut it hands on unless it is the last.
    Raises:
        ConfigError: a cut that carries no exit in this graph, cuts in another order than the graph's, or nothing left
            to run.
    """
    if ends_early and not cuts:
        raise ConfigError("a backbone that ends early needs at least one exit")
    outputs = {value.name for value in model.graph.output}
    for cut in cuts:
        if exit_logits(cut) not in outputs:
            raise ConfigError(f"the graph has no exit at {cut!r}", to_do="attach its head first")
    producers = {output: index for index, node in enumerate(model.graph.node) for output in node.output}
    order = [producers[cut] for cut in cuts]
    if any(later <= earlier for earlier, later in pairwise(order)):
        raise ConfigError(
            f"the cuts {list(cuts)} are not in the order of the graph", to_do="give each cut once, in order"
        )
    extractor = Extractor(_with_known_cuts(model, cuts))
    stages, entry = [], IMAGE
    for cut in cuts:
        hands_on = [] if ends_early and cut == cuts[-1] else [cut]
        stage = extractor.extract_model([entry], [*hands_on, exit_logits(cut), exit_entropy(cut)])
        stages.append(_finished(stage, {exit_logits(cut): LOGITS, exit_entropy(cut): ENTROPY}))
        entry = cut
    if not ends_early:
        stages.append(_finished(extractor.extract_model([entry], [LOGITS, ENTROPY]), {}))
    return stages


def _with_known_cuts(model: onnx.ModelProto, cuts: Sequence[str]) -> onnx.ModelProto:
    """The graph with the shapes of its cuts written down, where the extractor looks them up.

    With an open batch, inference alone loses sizes behind a Reshape that works out one of them.
    """
    known = onnx.ModelProto()
    known.CopyFrom(model)
    shapes = infer_shapes(model)
    del known.graph.value_info[:]
    known.graph.value_info.extend(
        helper.make_tensor_value_info(cut, TensorProto.FLOAT, ["batch", *shapes[cut][1:]]) for cut in cuts
    )
    return known


def _finished(stage: onnx.ModelProto, renamed: dict[str, str]) -> onnx.ModelProto:
    """The stage with its outputs under the bundle's names, without leftovers, checked."""
    for node in stage.graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for value in stage.graph.output:
        value.name = renamed.get(value.name, value.name)
    for value in (*stage.graph.input, *stage.graph.output):
        value.type.tensor_type.shape.dim[0].ClearField("dim_value")
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    del stage.graph.value_info[:]
    onnx.checker.check_model(stage, full_check=True)
    return stage
