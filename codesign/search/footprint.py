"""What a design takes up: bytes of its stages on disk, and of weights and activations while it runs; both predicted.

Weights are those of every stage a design may enter: all stages are loaded. Activations are those alive at once where
most are, stage after stage, one batch at a time. What the inference runtime itself takes is not in it, nor is what it
keeps back between inferences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

from .inner_columns import layout_of

STAGE_FILE_BYTES = 400.0  # names, inputs and outputs of one more ONNX file; the nodes are counted with their segment


@dataclass(frozen=True, slots=True, eq=False)
class Footprint:
    """One backbone of a chain, or a chain: all arrays are (candidates,). Raises ShapeError where they do not match.

    `segment` is what lies between the candidate before it (or the image) and the candidate; `head` is its exit, which a
    backbone's end has none of.
    """

    segment_weight_bytes: FloatArray
    head_weight_bytes: FloatArray
    segment_file_bytes: FloatArray  # weights and nodes as ONNX writes them
    head_file_bytes: FloatArray
    segment_alive_bytes: FloatArray  # activations alive at once, of one image, where most are
    head_alive_bytes: FloatArray

    def __post_init__(self) -> None:
        if len({getattr(self, field.name).shape for field in fields(self)}) > 1 or self.segment_weight_bytes.ndim != 1:
            raise ShapeError("a footprint has one number of each kind per candidate")

    @classmethod
    def of_chain(cls, parts: Sequence[Footprint]) -> Footprint:
        """Backbones one after the other."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def file_bytes(self, backbone: IntArray, masks: IntArray) -> FloatArray:
        """Of the stages of each mask, (masks,).

        Args:
            backbone: (candidates,), number of the backbone that each belongs to.
            masks: (masks,), bit i: early candidate i carries an exit.
        """
        runs, kept = _runs_and_kept(backbone, masks)
        found: FloatArray = self.segment_file_bytes @ runs + (self.head_file_bytes + STAGE_FILE_BYTES) @ kept
        return found

    def memory_bytes(self, backbone: IntArray, masks: IntArray, batch: int) -> FloatArray:
        """Of weights and activations at run time, (masks,)."""
        runs, kept = _runs_and_kept(backbone, masks)
        weights = self.segment_weight_bytes @ runs + self.head_weight_bytes @ kept
        alive = np.maximum(self.segment_alive_bytes[:, None] * runs, self.head_alive_bytes[:, None] * kept).max(axis=0)
        found: FloatArray = weights + batch * alive
        return found


def _runs_and_kept(backbone: IntArray, masks: IntArray) -> tuple[FloatArray, FloatArray]:
    """Whether each segment is ever run, and each candidate carries an exit, both (candidates, masks) of 0 and 1."""
    behind, bits = layout_of(backbone).behind, 1 << np.arange(backbone.size)
    with_end = masks | bits[-1]
    runs = (with_end & (behind | bits)[:, None]) != 0
    kept = (with_end & bits[:, None]) != 0
    return runs.astype(np.float64), kept.astype(np.float64)
