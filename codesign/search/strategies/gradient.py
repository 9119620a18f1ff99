"""Gradient-based search on what evaluations taught: architecture parameters descend an expected error and cost.

As FBNet (Wu et al., CVPR 2019, arXiv:1812.03443): each gene has logits, relaxed by Gumbel-softmax at a temperature that
falls, and follow the gradient of error plus expected cost Σ_j p_j · cost_j. There the weights of a supernet are trained
along; here the error too comes from a model, fitted to the designs evaluated so far (`gradient_surrogate.py`), so that
this is not differentiable search on the supernet itself: nothing is trained, any table or measured design can be
searched, and what the model does not see is not found.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray

from . import gradient_surrogate
from .gradient_surrogate import Surrogate
from .protocol import Options
from .record import Record
from .search_space import SearchSpace, keys

FEWEST, MOST = 10, 40  # random designs at first: twice as many as genes, within these
STEPS, RATE = 60, 0.25  # of Adam, for every proposal anew
HOT, COLD = 2.0, 0.3  # temperature, falling geometrically
PENALTY = 10.0  # for each deviation by which a constraint is expected to be broken
DRAWS, LOOSEST = 128, 16.0  # from the distribution found, made broader each time up to this, until one is new


class GradientSearch:
    """A proposal is a draw from the distribution that descent ends in, its objectives weighed anew each time."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int) -> None:
        """See `gradient`."""
        self.record = Record(space, objectives, seed)
        self._initial = min(max(FEWEST, 2 * space.genes), MOST)

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record, rng = self.record, self.record.generator()
        known: BoolArray = np.asarray(np.isfinite(record.values).all(axis=1))
        if len(record) + record.asked < self._initial or not known.any():
            return record.ask(record.space.fresh(rng, count, record.taken))
        weights = rng.dirichlet(np.ones(record.objectives), count)
        logits = descended(self._losses(known), weights, record.space.gene_sizes, rng)
        found = [record.ask(self._drawn(row, rng)) for row in logits]
        return np.concatenate([np.zeros((0, record.space.genes), dtype=np.int64), *found])

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)

    def _losses(self, known: BoolArray) -> list[tuple[Surrogate, float]]:
        """A model of each objective, and of what breaks constraints if anything does, with the deviation of each."""
        record = self.record
        columns = [record.values[known, column] for column in range(record.objectives)]
        if (record.violations[known] > 0).any():
            columns.append(record.violations[known])
        return [
            (
                gradient_surrogate.fitted(record.genomes[known], column, record.space.gene_sizes, pairs=number == 0),
                float(column.std()) or 1.0,
            )
            for number, column in enumerate(columns)
        ]

    def _drawn(self, logits: FloatArray, rng: np.random.Generator) -> IntArray:
        """(1, genes): the likeliest design, else one drawn near it, else any; (0, genes) where none is left."""
        record = self.record
        noise = rng.gumbel(size=(DRAWS, *logits.shape)) * np.geomspace(1.0, LOOSEST, DRAWS)[:, None, None]
        noise[0] = 0.0
        drawn = record.space.legal((logits + noise).argmax(axis=2))
        for row, key in enumerate(keys(drawn)):
            if key not in record:
                return drawn[row : row + 1]
        return record.space.fresh(rng, 1, record.taken)


def descended(
    losses: list[tuple[Surrogate, float]],
    weights: FloatArray,
    gene_sizes: tuple[int, ...],
    rng: np.random.Generator,
) -> FloatArray:
    """(n, genes, most values of a gene): logits after descent, −inf beyond a gene's values.

    Args:
        losses: models, with the deviation that each loss is divided by.
        weights: (n, objectives), for the first of the models; one after those is of what constraints are broken by,
            which is penalised where it is expected to be more than 0.
    """
    there = np.arange(max(gene_sizes)) < np.asarray(gene_sizes)[:, None]
    logits = np.zeros((len(weights), *there.shape))
    first, second = np.zeros_like(logits), np.zeros_like(logits)
    for step in range(STEPS):
        temperature = HOT * (COLD / HOT) ** (step / (STEPS - 1))
        noisy = np.where(there, logits + rng.gumbel(size=logits.shape), -np.inf) / temperature
        raised = np.exp(noisy - noisy.max(axis=2, keepdims=True))
        chances = raised / raised.sum(axis=2, keepdims=True)
        flat = chances[:, there]  # (n, values of all genes)
        pull = np.zeros_like(flat)
        for number, (model, deviation) in enumerate(losses):
            worth, gradient = model.expected(flat)
            weight = weights[:, number] if number < weights.shape[1] else PENALTY * (worth > 0)
            pull += gradient * (weight / deviation)[:, None]
        spread = np.zeros_like(logits)
        spread[:, there] = pull
        slope = chances * (spread - (chances * spread).sum(axis=2, keepdims=True)) / temperature
        first, second = 0.9 * first + 0.1 * slope, 0.99 * second + 0.01 * slope**2
        unbiased = first / (1 - 0.9 ** (step + 1)), second / (1 - 0.99 ** (step + 1))
        logits -= RATE * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8)
    settled: FloatArray = np.where(there, logits, -np.inf)
    return settled


def gradient(space: SearchSpace, objectives: int, seed: int, options: Options) -> GradientSearch:  # noqa: ARG001
    """The factory of strategy `gradient`; it searches a whole front, whatever the limit."""
    return GradientSearch(space, objectives, seed)
