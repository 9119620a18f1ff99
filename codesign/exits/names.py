"""What the tensors of an exit are called inside a graph."""

from __future__ import annotations

from codesign.backbones.slice_onnx import LOGITS

ENTROPY = "entropy"


def exit_logits(cut: str) -> str:
    """Name of the logits of the exit at a cut."""
    return f"{LOGITS}@{cut}"


def exit_entropy(cut: str) -> str:
    """Name of the entropy of the exit at a cut."""
    return f"{ENTROPY}@{cut}"
