"""A backbone with its exits as the rest of the walk sees it: one ONNX graph, names, and counted work; no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from codesign.backbones.onnx_work import ALL_FP32, works_of
from codesign.backbones.slice_onnx import LOGITS
from runtime.contract.errors import ConfigError
from runtime.contract.work import Work

from .names import ENTROPY, exit_entropy, exit_logits


@dataclass(frozen=True, slots=True)
class ExitedBackbone:
    """An ONNX graph with `logits@CUT` and `entropy@CUT` for each of `cuts`, and what its parts cost.

    `segments[i]` are the blocks from the cut before to cut i, `segments[-1]` those from the last cut to the logits
    *and* their entropy; `heads[i]` is the head at cut i, entropy included. `static` is the network alone, without any
    head or entropy.
    """

    model: onnx.ModelProto
    cuts: tuple[str, ...]
    segments: tuple[tuple[Work, ...], ...]
    heads: tuple[Work, ...]
    static: tuple[Work, ...]
    blocks: tuple[str, ...]  # the tensor each block hands on; `cuts` are some of them

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the logits of every exit in order, the backbone's end last."""
        return (*(exit_logits(cut) for cut in self.cuts), LOGITS)


def exited_backbone(
    model: onnx.ModelProto, blocks: tuple[str, ...], cuts: tuple[str, ...], formats: Mapping[str, str] = ALL_FP32
) -> ExitedBackbone:
    """Count the work of a graph that `attach.with_exits` made.

    Args:
        blocks: the tensor each block hands on, in order.
        cuts: those of them that carry an exit, in order.
        formats: of nodes that compute on other numbers than float32, by their first output.
    Raises:
        ConfigError: a block or exit that is not in the graph, or cuts that are not blocks in their order.
    """
    if cuts != tuple(block for block in blocks if block in cuts):
        raise ConfigError(f"the exits {cuts} are not some of the blocks {blocks}, in their order")
    targets: list[str] = []
    for block in blocks:
        targets += [block, exit_entropy(block)] if block in cuts else [block]
    work = dict(zip([*targets, LOGITS, ENTROPY], works_of(model, [*targets, LOGITS, ENTROPY], formats), strict=True))
    segments: list[tuple[Work, ...]] = []
    waiting: list[Work] = []
    for block in blocks:
        waiting.append(work[block])
        if block in cuts:
            segments.append(tuple(waiting))
            waiting = []
    segments.append((*waiting, work[LOGITS], work[ENTROPY]))
    heads = tuple(work[exit_entropy(cut)] for cut in cuts)
    static = (*(work[block] for block in blocks), work[LOGITS])
    return ExitedBackbone(model, cuts, tuple(segments), heads, static, blocks)
