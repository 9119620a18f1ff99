"""What becomes of accuracy, exits and energy when images get worse than those everything was tuned on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from codesign.backbones.slice_onnx import LOGITS
from codesign.data.corruptions import STRENGTHS, corrupted
from codesign.data.dataset import Dataset
from codesign.exits.answers import answers
from codesign.exits.exited_backbone import ExitedBackbone
from runtime.contract.arrays import FloatArray, IntArray, UInt8Array
from runtime.engine.bundle import Engine, open_bundle

from .progress import Tick

IMAGES = 500  # of the test split at most: thirteen times through the policy and through the full network
CLEAN = "clean"


def robustness_step(
    bundle: Path, mode: str, full: ExitedBackbone, static_energy_j: float, data: Dataset, seed: int, tick: Tick
) -> dict[str, Any]:
    """Run test images through the bundle as it is served, and through the full network, corrupted in turn.

    Args:
        bundle: as written; `mode` is one of its modes.
        full: the full network.
        static_energy_j: of it alone at the mode's clocks, per image.
    Returns:
        For `results.json`: one row per corruption and strength, the clean images first, and what inputs that force
        everybody to full depth would cost.
    """
    engine = open_bundle(bundle, mode)
    stage_energy_j = np.asarray(engine.promise.stage_energy_j)
    chosen = np.random.default_rng([seed, 12]).permutation(len(data.test.labels))[:IMAGES]
    images, labels = data.test.images[chosen], data.test.labels[chosen]
    cases = [(CLEAN, 0.0), *((name, strength) for name, values in STRENGTHS.items() for strength in values)]
    rows = []
    for number, (name, strength) in enumerate(cases):
        tick(number, len(cases), f"{name} {strength:g}")
        seen = images if name == CLEAN else corrupted(images, name, strength, seed)
        whole = answers(full.model, (LOGITS,), seen, data.input).predictions[0]
        rows.append({"corruption": name, "strength": strength, **_row(engine, seen, labels, whole, stage_energy_j)})
    return {
        "mode": mode,
        "images": len(labels),
        "rows": rows,
        "full_depth_energy_j": float(stage_energy_j.sum()),
        "static_energy_j": static_energy_j,
    }


def _row(
    engine: Engine, images: UInt8Array, labels: IntArray, whole: IntArray, stage_energy_j: FloatArray
) -> dict[str, Any]:
    served = engine.infer_batch(images)
    right = np.asarray([answer.class_index for answer in served]) == labels
    exits = np.asarray([answer.exit_index for answer in served])
    shares = np.bincount(exits, minlength=len(stage_energy_j)) / len(labels)
    return {
        "accuracy": float(right.mean()),
        "full_accuracy": float((whole == labels).mean()),
        "harm": float(((whole == labels) & ~right).mean()),
        "exit_shares": shares.tolist(),
        "energy_j": float(shares @ np.cumsum(stage_energy_j)),
    }
