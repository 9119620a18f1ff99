"""What the search of a run expects of backbones that it has not evaluated: counted work, predicted accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.backbones.onnx_work import works_of
from codesign.backbones.slice import BackboneSlice
from codesign.backbones.slice_onnx import LOGITS, cut_name, slice_to_onnx
from codesign.predict.accuracy.backbone_accuracy import fit_static
from codesign.predict.accuracy.supernet_genes import designs_of
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.foresight import Foresight
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageWork

from .evaluate import Evaluator

DECIMALS = 4  # a hundredth of a point; another machine's rounding must not send a resumed search elsewhere


def foresight_of(evaluator: Evaluator) -> Foresight:
    """For the backbones of one supernet."""

    def static(genome: Genome) -> StageWork:
        return static_work(evaluator, genome)

    def accuracies(evaluated: Sequence[BackboneRecord], genomes: Sequence[Genome]) -> FloatArray:
        space = evaluator.supernet.space
        right = np.asarray([record.accuracy for record in evaluated])
        model = fit_static(space, [record.genome for record in evaluated], right)
        hopeful: FloatArray = np.round(model.predict(designs_of(space, genomes)).optimistic, DECIMALS)
        return hopeful

    return Foresight(static, accuracies)


def static_work(evaluator: Evaluator, genome: Genome) -> StageWork:
    """The work of a backbone alone, counted on its graph: it needs no recalibration, no heads and no images."""
    data = evaluator.data
    network = BackboneSlice(evaluator.supernet, evaluator.design(genome)).eval()
    graph = slice_to_onnx(network, data.input.height, data.input.width, len(data.classes))
    blocks = [cut_name(*position) for position in network.positions]
    return StageWork(tuple(works_of(graph, [*blocks, LOGITS])))
