"""Costs per block: for every value of every gene what it adds to a network's cost, never below 0.

An exact solver adds such costs up. They are fitted, by non-negative least squares of the relative error, to what a
predictor says of random designs, so that few measurements suffice; how well a sum can say it stands beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.training_range import TrainingRange
from codesign.predict.encodings.one_hot import one_hot
from runtime.contract.arrays import FloatArray, IntArray

DESIGNS = 2000
JUDGED = 500


@dataclass(frozen=True, slots=True)
class BlockCosts:
    """In the unit of the costs; a network costs `base` plus one of `added` for each gene."""

    genes: Genes
    base: float  # 0 or more
    added: tuple[
        FloatArray, ...
    ]  # per gene, in the order of its values: 0 or more, and 0 for at least one that was seen
    error: float  # mean relative error of the sums against the predictor, on designs that they were not fitted on

    def total(self, designs: IntArray) -> FloatArray:
        """(n,), of designs, (n, genes), whose values all were seen."""
        weights = np.concatenate(self.added)
        total: FloatArray = self.base + one_hot(self.genes).features(designs) @ weights
        return total


def block_costs(
    seen: TrainingRange, costs_of: Callable[[IntArray], FloatArray], rng: np.random.Generator
) -> BlockCosts:
    """Fit sums to a predictor.

    Args:
        seen: the values that may be asked for; what was never seen has no cost, 0.
        costs_of: the predictor: costs, (n,), of designs, (n, genes).
        rng: draws the designs.
    """
    genes = seen.genes
    designs = genes.canonical(
        np.stack([rng.choice(_seen_values(seen, gene), DESIGNS + JUDGED) for gene in range(len(genes.names))], axis=1)
    )
    costs = costs_of(designs)
    columns = one_hot(genes).features(designs)
    relative = np.concatenate([np.ones((len(designs), 1)), columns], axis=1) / costs[:, None]
    weights = nnls(relative[:DESIGNS], np.ones(DESIGNS), maxiter=30 * relative.shape[1])[0]
    base, added, first = float(weights[0]), [], 1
    for gene, values in enumerate(genes.values):
        of_gene = weights[first : first + len(values)].copy()
        first += len(values)
        present = np.isin(values, np.unique(designs[:, gene]))
        least = float(of_gene[present].min())
        base += least
        added.append(np.where(present, of_gene - least, 0.0))
    error = float(np.abs(relative[DESIGNS:] @ weights - 1.0).mean())
    return BlockCosts(genes, base, tuple(added), error)


def _seen_values(seen: TrainingRange, gene: int) -> IntArray:
    return np.intersect1d(seen.seen[gene], seen.genes.values[gene])
