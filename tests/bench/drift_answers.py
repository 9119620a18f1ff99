"""What a bundle's mode answers on images that nothing was trained on, clean, corrupted and mixed otherwise.

Every image goes through every stage, so that any thresholds can be replayed; laws of where answers fall are then shares
of images, and a shift is another law.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.data.corruptions import STRENGTHS, corrupted
from codesign.data.load import load_data
from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.bundle_files import read_modes
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.contract.manifest import read_manifest
from runtime.contract.preprocessing import Preprocessing
from runtime.engine.bundle import load_stages
from runtime.engine.stage import IMAGE

CLEAN = "clean"
MILD: dict[str, float] = {"noise": 4.0, "blur": 0.35, "darkness": 0.85, "jpeg": 75.0}  # beside the usual strengths
RANGES, LEAST = 4, 25  # as codesign.policy.expected_answers
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Answers:
    """Of one mode on one version of the images."""

    entropy_nats: FloatArray  # (stages, images)
    exit_index: IntArray  # (images,) where the mode's thresholds let them leave
    right: BoolArray  # (images,) what was answered there
    full_right: BoolArray  # (images,) what the last stage answers

    @property
    def nats(self) -> FloatArray:
        """(images,) at the exit taken."""
        taken: FloatArray = self.entropy_nats[self.exit_index, np.arange(self.exit_index.size)]
        return taken

    def cells(self, expected: ExpectedAnswers) -> IntArray:
        """(images,) which cell each falls into."""
        found = np.zeros(self.exit_index.size, dtype=np.int64)
        first = 0
        for stage, edges in enumerate(expected.entropy_edges):
            here = self.exit_index == stage
            found[here] = first + np.searchsorted(edges, self.nats[here], side="left")
            first += len(edges) + 1
        return found


def cases() -> list[tuple[str, float]]:
    """Corruptions by name and strength, mild to strong."""
    return [(name, strength) for name, usual in STRENGTHS.items() for strength in (MILD[name], *usual)]


def answers_of(
    bundle: Path, data: str, kept: Path | None = None, seed: int = 0
) -> tuple[dict[str, dict[str, Answers]], IntArray]:
    """By mode, then by case ("noise 8"), on all images of select, certify and test; and the labels.

    Args:
        kept: an NPZ file in which the answers of stages are kept for the next time.
    """
    if kept is None or not kept.is_file():
        found = _computed(bundle, data, seed)
        if kept is not None:
            np.savez_compressed(kept, **found)
    else:
        with np.load(kept, allow_pickle=False) as arrays:
            found = dict(arrays)
    labels, of_modes = found["labels"], read_modes(bundle, read_manifest(bundle))
    modes: dict[str, dict[str, Answers]] = {name: {} for name in of_modes}
    for name, mode in of_modes.items():
        for case in (CLEAN, *(f"{corruption} {strength:g}" for corruption, strength in cases())):
            nats, labelled = found[f"{mode.design}|{case}|nats"], found[f"{mode.design}|{case}|class"]
            taken = mode.policy.exits_taken(nats)
            right = labelled[taken, np.arange(labels.size)] == labels
            modes[name][case] = Answers(nats, taken, right, labelled[-1] == labels)
    return modes, labels


def _computed(bundle: Path, data: str, seed: int) -> dict[str, Any]:
    splits = load_data(data, seed)
    images = np.concatenate([split.images for split in (splits.select, splits.certify, splits.test)])
    labels = np.concatenate([split.labels for split in (splits.select, splits.certify, splits.test)])
    manifest = read_manifest(bundle)
    prepare, found = Preprocessing(manifest.input), {"labels": labels}
    designs = {mode.design for mode in read_modes(bundle, manifest).values()}
    stages = {design: load_stages(bundle, manifest, design) for design in sorted(designs)}
    for name, strength in [(CLEAN, 0.0), *cases()]:
        seen = images if name == CLEAN else corrupted(images, name, strength, seed)
        for design, of_design in stages.items():
            case = CLEAN if name == CLEAN else f"{name} {strength:g}"
            nats, labelled = _through(of_design, prepare, seen)
            found |= {f"{design}|{case}|nats": nats, f"{design}|{case}|class": labelled}
    return found


def _through(stages: Any, prepare: Preprocessing, images: Any) -> tuple[FloatArray, IntArray]:
    """Entropies and classes of every stage on every image."""
    nats, classes = [], []
    for start in range(0, len(images), AT_ONCE):
        tensor = prepare(images[start : start + AT_ONCE])
        handed: dict[str, Any] = {}
        of_batch = []
        for stage in stages:
            outputs = stage({name: tensor if name == IMAGE else handed[name] for name in stage.inputs})
            handed = dict(zip(stage.outputs, outputs, strict=True))
            of_batch.append((outputs[-1], outputs[-2].argmax(axis=1)))
        nats.append(np.stack([entropy for entropy, _ in of_batch]))
        classes.append(np.stack([label for _, label in of_batch]))
    return np.concatenate(nats, axis=1), np.concatenate(classes, axis=1)


def reference(clean: Answers, drawn: IntArray) -> ExpectedAnswers:
    """What a split of these images says of the mode, as `codesign.policy.expected_answers` makes it."""
    edges, shares, faults = [], [], []
    taken, nats, wrong = clean.exit_index[drawn], clean.nats[drawn], ~clean.right[drawn]
    for stage in range(len(clean.entropy_nats)):
        here = taken == stage
        ranges = max(1, min(RANGES, int(here.sum()) // LEAST))
        inner = np.unique(np.quantile(nats[here], np.arange(1, ranges) / ranges)) if ranges > 1 else np.zeros(0)
        cells = np.searchsorted(inner, nats[here], side="left")
        counts = np.bincount(cells, minlength=len(inner) + 1)
        counted = np.bincount(cells, weights=wrong[here], minlength=len(inner) + 1)
        edges.append(tuple(map(float, inner)))
        shares.append(tuple((counts / drawn.size).tolist()))
        faults.append(tuple(((counted + 0.5) / (counts + 1.0)).tolist()))
    return ExpectedAnswers(tuple(edges), tuple(shares), drawn.size, tuple(faults))


def law(answers: Answers, expected: ExpectedAnswers, weights: FloatArray | None = None) -> FloatArray:
    """Shares of cells, images weighted alike or as given."""
    cells = sum(len(shares) for shares in expected.shares)
    counts = np.bincount(answers.cells(expected), weights=weights, minlength=cells)
    found: FloatArray = counts / counts.sum()
    return found
