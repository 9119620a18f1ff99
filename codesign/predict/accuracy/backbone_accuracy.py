"""The accuracies of a supernet's backbones, alone and at each exit, from some that were evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.genes import Genes
from codesign.space.backbone_space import BackboneSpace, exit_positions
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError

from .accuracy_model import FEWEST, AccuracyModel, AccuracyPrediction, fit_accuracy
from .supernet_genes import Position, all_positions, cut_after, designs_of, has_exit, supernet_genes

STATIC = "static"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """A backbone and the share of images that each of its exits, and then its end, gets right."""

    genome: tuple[int, ...]
    accuracies: FloatArray  # (exits + 1,)


@dataclass(frozen=True, slots=True)
class BackboneAccuracy:
    """One model for the networks alone, and one for each position that enough of the samples have an exit at."""

    space: BackboneSpace
    static: AccuracyModel
    exits: Mapping[Position, AccuracyModel]

    def predict(self, genomes: Sequence[Sequence[int]]) -> AccuracyPrediction:
        """Accuracy of networks alone."""
        return self.static.predict(designs_of(self.space, genomes))

    def exit_accuracy(self, genomes: Sequence[Sequence[int]], position: Position) -> AccuracyPrediction:
        """Accuracy of the exit after a block.

        Raises:
            DataError: a backbone has no exit there, or too few samples had.
        """
        designs = designs_of(self.space, genomes)
        carries = has_exit(self.space, designs, position)
        stage, block = position
        if not carries.all():
            lacking = int(np.flatnonzero(~carries)[0])
            raise DataError(
                f"backbone {lacking} has no exit after block {block} of stage {stage}",
                to_do="ask for positions that it has (exit_positions)",
            )
        if position not in self.exits:
            raise DataError(
                f"fewer than {FEWEST} evaluated backbones had an exit after block {block} of stage {stage}",
                to_do="evaluate some that have it",
            )
        return self.exits[position].predict(cut_after(designs, position))

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file; the space is kept beside."""
        arrays = self.static.as_arrays(STATIC)
        for position, model in self.exits.items():
            arrays |= model.as_arrays(_name(position))
        return arrays | {"positions": np.asarray(list(self.exits), dtype=np.int64).reshape(-1, 2)}

    @classmethod
    def from_arrays(cls, space: BackboneSpace, arrays: Mapping[str, npt.NDArray[Any]]) -> BackboneAccuracy:
        """What `as_arrays` gave. Raises DataError where it is missing or of another space."""
        genes = supernet_genes(space)
        positions = arrays.get("positions")
        known = set(all_positions(space))
        if positions is None or positions.ndim != 2 or not {tuple(row) for row in positions.tolist()} <= known:
            raise DataError("`positions` of an accuracy predictor is missing or damaged", to_do="fit it again")
        exits = {
            (int(stage), int(block)): AccuracyModel.from_arrays(genes, arrays, _name((stage, block)))
            for stage, block in positions.tolist()
        }
        return cls(space, AccuracyModel.from_arrays(genes, arrays, STATIC), exits)


def fit_static(space: BackboneSpace, genomes: Sequence[Sequence[int]], accuracies: FloatArray) -> AccuracyModel:
    """The model of the networks alone, which is all that a search needs. Raises as `fit_accuracy`."""
    return fit_accuracy(supernet_genes(space), designs_of(space, genomes), accuracies)


def fit_backbone_accuracy(space: BackboneSpace, evaluated: Sequence[Evaluated]) -> BackboneAccuracy:
    """Fit to evaluated backbones.

    Raises:
        DataError: fewer than FEWEST, or accuracies that are no shares.
        ShapeError: accuracies for another number of exits than a backbone has.
    """
    genomes = [backbone.genome for backbone in evaluated]
    static = fit_static(space, genomes, np.asarray([backbone.accuracies[-1] for backbone in evaluated]))
    designs = designs_of(space, genomes)
    at: dict[Position, dict[int, float]] = {position: {} for position in all_positions(space)}
    for row, backbone in enumerate(evaluated):
        positions = exit_positions(space, space.decode(np.asarray(backbone.genome)))
        if len(backbone.accuracies) != len(positions) + 1:
            raise ShapeError(
                f"backbone {row} has {len(positions)} exits and its end, got {len(backbone.accuracies)} accuracies",
                to_do="give one for each exit in order, then the end's",
            )
        for position, accuracy in zip(positions, backbone.accuracies, strict=False):
            at[position][row] = float(accuracy)
    exits = {
        position: _fit_exit(static.genes, designs, position, found)
        for position, found in at.items()
        if len(found) >= FEWEST
    }
    return BackboneAccuracy(space, static, exits)


def _fit_exit(genes: Genes, designs: IntArray, position: Position, found: Mapping[int, float]) -> AccuracyModel:
    rows = list(found)
    return fit_accuracy(genes, cut_after(designs[rows], position), np.asarray(list(found.values())))


def _name(position: Position) -> str:
    return f"exit_{position[0]}_{position[1]}"
