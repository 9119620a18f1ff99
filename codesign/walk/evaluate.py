"""Evaluate a backbone for the search: cut it out, recalibrate, attach the shared heads, ask every exit."""

from __future__ import annotations

import torch
from torch import Tensor

from codesign.backbones.batches import as_tensor
from codesign.backbones.layout import channels_last
from codesign.backbones.slice import BackboneSlice, recalibrate
from codesign.backbones.slice_onnx import cut_name, slice_to_onnx
from codesign.backbones.supernet import Supernet
from codesign.backbones.threads import torch_threads
from codesign.data.dataset import Dataset
from codesign.exits.answers import Answers, answers
from codesign.exits.attach import with_exits
from codesign.exits.exited_backbone import ExitedBackbone, exited_backbone
from codesign.exits.shared_heads import ExitedSlice, SharedHeads
from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord, Genome, genome_name
from codesign.search.chain_works import BackboneWorks
from codesign.space.backbone_space import BackboneDesign
from runtime.contract.cost import StageWork
from runtime.contract.exit_score import ENTROPY
from runtime.contract.work import NO_WORK
from runtime.data.labelled import LabelledImages

from .footprint_of import footprint_of
from .record_file import read_record, write_record
from .run_folder import RunFolder

CALIBRATION_IMAGES, CALIBRATION_BATCH = 512, 128  # the former at most, and at most a quarter of the training images


class Evaluator:
    """Turns genomes into records; what it has done before it reads back from the run folder."""

    def __init__(
        self, supernet: Supernet, heads: SharedHeads, data: Dataset, folder: RunFolder, score: str = ENTROPY
    ) -> None:
        self.supernet, self.heads, self.data, self.folder, self.score = supernet, heads, data, folder, score
        count = min(CALIBRATION_IMAGES, max(CALIBRATION_BATCH, len(data.train.images) // 4))
        images = data.train.images[:count]
        self._calibration: tuple[Tensor, ...] = torch.split(as_tensor(images, data.input), CALIBRATION_BATCH)

    def __call__(self, genome: Genome) -> BackboneRecord:
        """The record of a genome. Raises StorageError where a saved one is damaged."""
        path = self.folder.backbones / f"{genome_name(genome)}.npz"
        if path.is_file():
            return read_record(path)
        record = self.fresh(genome)
        write_record(path, record)
        return record

    def fresh(self, genome: Genome) -> BackboneRecord:
        """The same worked out now, and not kept: it neither reads nor writes the folder."""
        exited = self.exited(genome)
        return record_of(genome, exited, exit_log(exited, self.data, self.data.select, self.score))

    def exited(self, genome: Genome) -> ExitedBackbone:
        """The backbone with the shared heads as a graph, its work counted."""
        return to_exited_backbone(self.network(genome), self.data)

    def design(self, genome: Genome) -> BackboneDesign:
        """The backbone a genome stands for."""
        return self.supernet.space.decode(torch.tensor(genome).numpy())

    def network(self, genome: Genome) -> ExitedSlice:
        """The backbone with the shared heads, recalibrated, in eval mode."""
        network = ExitedSlice(BackboneSlice(self.supernet, self.design(genome)), self.heads)
        channels_last(network)
        with torch_threads(1):  # sums over a batch come out otherwise on two: the machine it runs on would matter
            recalibrate(network, self._calibration)
        return network


def to_exited_backbone(network: ExitedSlice, data: Dataset) -> ExitedBackbone:
    """The ONNX graph of a network with all its heads, its work counted."""
    backbone = slice_to_onnx(network.backbone, data.input.height, data.input.width, len(data.classes))
    cuts = tuple(cut_name(*position) for position in network.positions)
    model = with_exits(backbone, dict(zip(cuts, network.heads, strict=True)))  # type: ignore[arg-type]
    return exited_backbone(model, tuple(cut_name(*position) for position in network.backbone.positions), cuts)


def exit_log(exited: ExitedBackbone, data: Dataset, split: LabelledImages, score: str = ENTROPY) -> ExitLog:
    """What every exit answers on a split, by ONNX Runtime, the engine that will serve it."""
    return log_of(answers(exited.model, exited.outputs, split.images, data.input), split, score)


def log_of(found: Answers, split: LabelledImages, score: str = ENTROPY) -> ExitLog:
    """What a policy needs of answers: how unsure they are, by one of `contract.exit_score`, and classes."""
    return ExitLog(found.unsure_nats(score), found.predictions, split.labels, score=score)


def record_of(genome: Genome, exited: ExitedBackbone, log: ExitLog) -> BackboneRecord:
    """What the search needs of it."""
    works = BackboneWorks(exited.segments, (*exited.heads, NO_WORK))
    return BackboneRecord(genome, works, StageWork(exited.static), log, footprint_of(exited))
