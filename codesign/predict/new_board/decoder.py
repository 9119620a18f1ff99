"""From the optimiser networks' proposals to one legal design: the best of them, their like and known good ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray

from .optimiser_network import OptimiserNetwork
from .performance import Performance

NEARBY = (0.6, 1.0, 1.6)  # networks are asked for these multiples of λ, since their answers jump at the wrong place
BEAM = 8
SURVIVORS = 4
ROUNDS = 2


def decoded(
    performance: Performance,
    networks: Sequence[OptimiserNetwork],
    library: IntArray,
    features: FloatArray,
    mixture: FloatArray,
    weight: float,
) -> tuple[IntArray, FloatArray]:
    """(n, genes), best first, and their predicted objectives, (n,).

    Args:
        library: (designs, genes): designs that were best somewhere else.
        features: (features,), of the board.
        mixture: (boards,), the board as a mixture of the training boards.
        weight: λ.
    """
    genes = performance.encoding.genes
    asked = np.array([weight * factor for factor in NEARBY])
    of_board = np.repeat(features[None, :], len(asked), axis=0)
    proposed = [network.proposals(of_board, asked, BEAM) for network in networks]
    designs, objectives = _ranked(performance, np.concatenate([*proposed, library]), mixture, weight)
    for _ in range(ROUNDS):
        # The frozen networks check every design that differs in one gene from the best so far.
        changed = one_gene_changes(genes, designs[:SURVIVORS])
        others, of_others = _ranked(performance, changed, mixture, weight)
        better = of_others[0] < objectives[0]
        designs, objectives = _merged(designs, objectives, others, of_others)
        if not better:
            break
    return designs, objectives


def one_gene_changes(genes: Genes, designs: IntArray) -> IntArray:
    """(m, genes): legal designs that differ from one of (n, genes) in one gene."""
    found = []
    for gene, values in enumerate(genes.values):
        changed = np.repeat(designs, len(values), axis=0)
        changed[:, gene] = np.tile(np.array(values), len(designs))
        found.append(changed[changed[:, gene] != np.repeat(designs[:, gene], len(values))])
    return genes.canonical(np.concatenate(found))


def _ranked(
    performance: Performance, designs: IntArray, mixture: FloatArray, weight: float
) -> tuple[IntArray, FloatArray]:
    legal = np.unique(performance.encoding.genes.canonical(designs), axis=0)
    objectives = performance.objectives(legal, mixture[None, :], np.array([weight]))[:, 0]
    order = np.argsort(objectives, kind="stable")
    return legal[order], objectives[order]


def _merged(
    designs: IntArray, objectives: FloatArray, others: IntArray, of_others: FloatArray
) -> tuple[IntArray, FloatArray]:
    both, first = np.unique(np.concatenate([designs, others]), axis=0, return_index=True)
    of_both = np.concatenate([objectives, of_others])[first]
    order = np.argsort(of_both, kind="stable")
    return both[order], of_both[order]
