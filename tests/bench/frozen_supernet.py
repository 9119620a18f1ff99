"""A frozen stand-in for a supernet: what every exit of any backbone answers, learnt once from evaluated backbones.

Read from the work folder that `bench_accuracy_predictor` leaves: random backbones of a trained supernet, each asked
with its shared heads about the same images. For a backbone that is not among them, each exit's entropies and right
answers are predicted image by image: kernel regression on the genes that lie before the exit. How many are right is
predicted too, and the images with the highest scores are taken, so that predicting does not make networks worse. Work
is not predicted: pieces are looked up among those of the evaluated backbones; one that none of them has is counted on
the graph of an untrained one, which costs the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.backbones.slice import BackboneSlice
from codesign.backbones.slice_onnx import cut_name, slice_to_onnx
from codesign.backbones.supernet import Supernet
from codesign.exits.attach import with_exits
from codesign.exits.exited_backbone import exited_backbone
from codesign.exits.shared_heads import ExitedSlice, SharedHeads
from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_works import BackboneWorks
from codesign.space.backbone_space import BackboneDesign, BackboneSpace, exit_positions
from codesign.walk.record_file import read_record
from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.cost import StageWork
from runtime.contract.work import NO_WORK, Work

ALIKE = 0.8  # what one other gene leaves of the likeness of two backbones; chosen on a quarter of the CIFAR-100 ones
NOISE = 0.05
Key = tuple[Any, ...]


@dataclass(frozen=True)
class _Exit:
    """The regression of one exit position over the backbones that have it."""

    genomes: IntArray  # (backbones, genes that matter)
    genes: IntArray  # which those are
    weights: FloatArray  # (backbones, 2 * samples + 1)
    mean: FloatArray  # (2 * samples + 1,)


def read_backbones(work: Path) -> list[BackboneRecord]:
    """The evaluated backbones of a work folder, by name."""
    return [read_record(path) for path in sorted((work / "search" / "backbones").glob("*.npz"))]


def genes_before(space: BackboneSpace, position: tuple[int, int] | None) -> IntArray:
    """Indices of the genes that an exit can feel; None: the end, which feels all."""
    if position is None:
        return np.arange(len(space.gene_names))
    stage = position[0]
    own = [f"stage{stage}.{gene}" for gene in ("width", "kernel", "expansion")]
    before = [f"stage{number}.{gene}" for number in range(stage) for gene in ("width", "depth", "kernel", "expansion")]
    return np.asarray([space.gene_names.index(name) for name in ("resolution", *before, *own)])


def likeness(ours: IntArray, theirs: IntArray) -> FloatArray:
    """(n, k) kernel of two lists of genomes: a product over genes."""
    other: FloatArray = ALIKE ** (ours[:, None] != theirs[None]).sum(axis=2)
    return other


class FrozenSupernet:
    """Any genome's record, the same one every time."""

    def __init__(self, space: BackboneSpace, records: Sequence[BackboneRecord], side: int = 32) -> None:
        """`side` of the images in pixels."""
        self.space, self.labels, self.side = space, records[0].log.labels, side
        self.samples = records[0].log.samples
        genomes = np.asarray([record.genome for record in records])
        designs = [space.decode(genome) for genome in genomes]
        rows: dict[tuple[int, int] | None, list[tuple[int, int]]] = {}
        for number, design in enumerate(designs):
            for candidate, position in enumerate((*exit_positions(space, design), None)):
                rows.setdefault(position, []).append((number, candidate))
        self._exits = {
            position: self._fitted(genes_before(space, position), genomes, records, places)
            for position, places in rows.items()
        }
        self._works: dict[Key, Any] = {}
        for record, design in zip(records, designs, strict=True):
            keys = work_keys(space, design)
            for key, value in zip(keys, work_values(record.works), strict=True):
                self._works[key] = value

    def record(self, genome: Genome) -> BackboneRecord:
        """What is taken to be true of a genome."""
        design = self.space.decode(np.asarray(genome))
        positions = (*exit_positions(self.space, design), None)
        entropies, predictions = [], []
        for position in positions:
            entropy_nats, right = self._answers(self._exits[position], np.asarray(genome))
            entropies.append(entropy_nats)
            predictions.append(np.where(right, self.labels, self.labels + 1))
        log = ExitLog(np.stack(entropies), np.stack(predictions), self.labels)
        keys = work_keys(self.space, design)
        if not all(key in self._works for key in keys):
            counted = counted_works(self.space, design, int(self.labels.max()) + 1, self.side)
            self._works |= dict(zip(keys, work_values(counted), strict=True))
        values = [self._works[key] for key in keys]
        exits = len(positions)
        works = BackboneWorks(tuple(values[:exits]), tuple(values[exits : 2 * exits]))
        blocks = [block for segment in works.segments for block in segment]
        return BackboneRecord(genome, works, StageWork(tuple(blocks[:-1])), log)  # less the gathering of answers

    def _fitted(
        self,
        genes: IntArray,
        genomes: IntArray,
        records: Sequence[BackboneRecord],
        places: Sequence[tuple[int, int]],
    ) -> _Exit:
        own = genomes[[number for number, _ in places]][:, genes]
        rows = []
        for number, candidate in places:
            log = records[number].log
            right = log.correct[candidate]
            rows.append(np.concatenate([log.entropy_nats[candidate], right, [right.mean()]]))
        targets = np.asarray(rows, dtype=np.float64)
        mean = targets.mean(axis=0)
        kernel = likeness(own, own) + NOISE * np.eye(len(own))
        return _Exit(own, genes, np.linalg.solve(kernel, targets - mean), mean)

    def _answers(self, fitted: _Exit, genome: IntArray) -> tuple[FloatArray, BoolArray]:
        found = fitted.mean + likeness(genome[None, fitted.genes], fitted.genomes)[0] @ fitted.weights
        entropy_nats, score = found[: self.samples], found[self.samples : -1]
        count = int(np.clip(round(float(found[-1]) * self.samples), 0, self.samples))
        right = np.zeros(self.samples, dtype=np.bool_)
        right[np.argsort(-score, kind="stable")[:count]] = True
        return np.maximum(entropy_nats, 0.0), right


def work_keys(space: BackboneSpace, design: BackboneDesign) -> list[Key]:
    """What decides the work of each segment, then of each head."""
    width, blocks = space.stem_width, []
    for number, choice in enumerate(design.stages):
        for block in range(choice.depth):
            first = block == 0  # it alone has the stage's stride; the others are alike
            blocks.append((design.resolution, number, first, width, choice.width, choice.kernel, choice.expansion))
            width = choice.width
    exits = len(exit_positions(space, design))
    segments = [("segment", block) for block in blocks[:exits]] + [("end", *blocks[exits:])]
    heads = [("head", block) for block in blocks[:exits]] + [("no head",)]
    return [*segments, *heads]


def work_values(works: BackboneWorks) -> list[tuple[Work, ...] | Work]:
    """In the order of `work_keys`."""
    return [*works.segments, *works.heads]


def counted_works(space: BackboneSpace, design: BackboneDesign, classes: int, side: int) -> BackboneWorks:
    """The work of a backbone with its heads, counted on its graph; weights do not matter."""
    network = ExitedSlice(BackboneSlice(Supernet(space, classes), design), SharedHeads(space, classes)).eval()
    backbone = slice_to_onnx(network.backbone, side, side, classes)
    cuts = tuple(cut_name(*position) for position in network.positions)
    model = with_exits(backbone, dict(zip(cuts, network.heads_in_order, strict=True)))
    exited = exited_backbone(model, tuple(cut_name(*position) for position in network.backbone.positions), cuts)
    return BackboneWorks(exited.segments, (*exited.heads, NO_WORK))
