"""The genes of a supernet's space as the encodings know them, and backbones cut short after one of their blocks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.space.backbone_space import GENES_PER_STAGE, BackboneSpace, exit_positions
from runtime.contract.arrays import BoolArray, IntArray
from runtime.contract.errors import DataError, ShapeError

Position = tuple[int, int]  # stage, block within it


def supernet_genes(space: BackboneSpace) -> Genes:
    """`resolution`, then `width_0`, `depth_0`, `kernel_0`, `expansion_0`, …: a stage is a unit of equal blocks."""
    of_stages = [f"{gene}_{stage}" for stage in range(len(space.stages)) for gene in GENES_PER_STAGE]
    return Genes.named(["resolution", *of_stages], values=space.gene_choices)


def designs_of(space: BackboneSpace, genomes: Sequence[Sequence[int]]) -> IntArray:
    """(n, genes): the values that genomes of indices stand for.

    Raises:
        ShapeError: a genome of another length, or none at all.
        DataError: an index that its gene does not have.
    """
    if not len(genomes) or any(len(genome) != len(space.gene_choices) for genome in genomes):
        raise ShapeError(
            f"genomes of space {space.name!r} must be ({len(space.gene_choices)},) each, and at least one",
            to_do="give one index for each gene",
        )
    indices = np.asarray(genomes, dtype=np.int64)
    sizes = np.asarray([len(values) for values in space.gene_choices])
    if ((indices < 0) | (indices >= sizes)).any():
        row, gene = (int(place) for place in np.argwhere((indices < 0) | (indices >= sizes))[0])
        raise DataError(
            f"gene {space.gene_names[gene]} of genome {row} has {sizes[gene]} choices, got index {indices[row, gene]}",
            to_do="count choices from 0",
        )
    columns = [np.asarray(values)[indices[:, gene]] for gene, values in enumerate(space.gene_choices)]
    return np.stack(columns, axis=1).astype(np.int64)


def all_positions(space: BackboneSpace) -> tuple[Position, ...]:
    """Where at least one backbone of the space may carry an exit, in order."""
    return exit_positions(space, space.largest())


def has_exit(space: BackboneSpace, designs: IntArray, position: Position) -> BoolArray:
    """(n,): whether a backbone may carry an exit there: it has that block, not as its last and not too early."""
    stage, block = position
    depths = designs[:, [_column(number, "depth") for number in range(len(space.stages))]]
    before = depths[:, :stage].sum(axis=1) + block + 1
    carries: BoolArray = (block < depths[:, stage]) & (before >= space.first_exit) & (before < depths.sum(axis=1))
    return carries


def cut_after(designs: IntArray, position: Position) -> IntArray:
    """(n, genes): designs that have this block, without what follows it: 0 in the genes of later stages.

    An exit answers alike in all backbones that are alike up to it.
    """
    stage, block = position
    cut = designs.copy()
    cut[:, _column(stage, "depth")] = block + 1
    cut[:, _column(stage + 1, GENES_PER_STAGE[0]) :] = 0
    return cut


def _column(stage: int, gene: str) -> int:
    return 1 + stage * len(GENES_PER_STAGE) + GENES_PER_STAGE.index(gene)
