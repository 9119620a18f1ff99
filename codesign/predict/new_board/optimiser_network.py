"""The optimiser network: from a board's features and λ straight to a design (section 5 of Lu et al.).

Its output is one logit for each value of each gene. Two ways to train it, as in the paper: to imitate the best designs
found for the training boards (Eq. 9, with cross-entropy, since genes are categories), or through the frozen performance
networks (Eq. 10), to which a design is then a distribution over each gene's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .network import Network, Slope, new_network, trained
from .performance import Performance

HIDDEN = (64, 64)
BATCH = 64
STEPS = 400


@dataclass(frozen=True, slots=True)
class Situations:
    """What the optimiser network is trained on: m boards, real or synthetic, each with a λ."""

    features: FloatArray  # (m, features)
    mixtures: FloatArray  # (m, boards): the same boards as mixtures of the training boards
    weights: FloatArray  # (m,): λ


@dataclass(frozen=True, slots=True)
class OptimiserNetwork:
    """One member of an ensemble."""

    network: Network
    values: tuple[tuple[int, ...], ...]  # per gene, in the order of its logits

    def logits(self, features: FloatArray, weights: FloatArray) -> FloatArray:
        """(m, logits), of (m, features) and λ, (m,)."""
        return self.network(optimiser_inputs(features, weights))

    def proposals(self, features: FloatArray, weights: FloatArray, count: int) -> IntArray:
        """(m * count or fewer, genes): the likeliest designs of each situation."""
        return likeliest_designs(self.logits(features, weights), self.values, count)


def optimiser_inputs(features: FloatArray, weights: FloatArray) -> FloatArray:
    """(m, features + 1); λ by its logarithm, since it spans orders of magnitude."""
    return np.concatenate([features, np.log10(weights)[:, None]], axis=1)


def likeliest_designs(logits: FloatArray, values: Sequence[Sequence[int]], count: int) -> IntArray:
    """(m * count or fewer, genes): a beam over the genes for each row of logits, (m, logits)."""
    rows = len(logits)
    designs, score = np.zeros((rows, 1, 0), dtype=np.int64), np.zeros((rows, 1))
    start = 0
    for of_gene in values:
        own = logits[:, start : start + len(of_gene)]
        start += len(of_gene)
        grown = (score[:, :, None] + own[:, None, :]).reshape(rows, -1)
        kept = np.argsort(-grown, axis=1, kind="stable")[:, :count]
        chosen = np.array(of_gene, dtype=np.int64)[kept % len(of_gene)]
        before = np.take_along_axis(designs, (kept // len(of_gene))[:, :, None], axis=1)
        designs = np.concatenate([before, chosen[:, :, None]], axis=2)
        score = np.take_along_axis(grown, kept, axis=1)
    return designs.reshape(-1, len(values))


def train_by_imitation(
    performance: Performance, situations: Situations, answers: IntArray, rng: np.random.Generator, steps: int = STEPS
) -> OptimiserNetwork:
    """Eq. 9. Answers: (m, genes), the best design known for each situation."""
    values = performance.encoding.genes.values
    wanted = performance.encoding.features(answers)

    def slope(rows: IntArray, logits: FloatArray) -> FloatArray:
        found: FloatArray = (_softmax(logits, values) - wanted[rows]) / len(rows)
        return found

    return _trained(performance, situations, slope, steps, rng)


def train_through_predictors(
    performance: Performance, situations: Situations, rng: np.random.Generator, steps: int = STEPS
) -> OptimiserNetwork:
    """Eq. 10: no answers needed; the performance networks stay as they are."""
    values = performance.encoding.genes.values

    def slope(rows: IntArray, logits: FloatArray) -> FloatArray:
        relaxed = _softmax(logits, values)
        along = objective_slope(performance, relaxed, situations.mixtures[rows], situations.weights[rows])
        inward = along * relaxed
        found: FloatArray = (inward - relaxed * _gene_sums(inward, values)) / len(rows)
        return found

    return _trained(performance, situations, slope, steps, rng)


def objective_slope(
    performance: Performance, relaxed: FloatArray, mixtures: FloatArray, weights: FloatArray
) -> FloatArray:
    """(m, features): how f of Eq. 8 changes with each entry of relaxed one-hot designs, (m, features)."""
    cost = np.exp((performance.costs(relaxed) * mixtures).sum(axis=1))
    of_costs = performance.costs.slope(relaxed, (weights * cost)[:, None] * mixtures)
    return of_costs + performance.accuracies.slope(relaxed, np.full((len(relaxed), 1), -1.0))


def _trained(
    performance: Performance, situations: Situations, slope: Slope, steps: int, rng: np.random.Generator
) -> OptimiserNetwork:
    values = performance.encoding.genes.values
    inputs = optimiser_inputs(situations.features, situations.weights)
    start = new_network((inputs.shape[1], *HIDDEN, sum(len(of_gene) for of_gene in values)), rng)
    return OptimiserNetwork(trained(start, inputs, slope, steps, BATCH, rng), values)


def _starts(values: Sequence[Sequence[int]]) -> IntArray:
    return np.cumsum([0, *(len(of_gene) for of_gene in values[:-1])])


def _softmax(logits: FloatArray, values: Sequence[Sequence[int]]) -> FloatArray:
    """(m, logits): a distribution over the values of each gene."""
    counts = [len(of_gene) for of_gene in values]
    highest = np.repeat(np.maximum.reduceat(logits, _starts(values), axis=1), counts, axis=1)
    raised = np.exp(logits - highest)
    softened: FloatArray = raised / _gene_sums(raised, values)
    return softened


def _gene_sums(entries: FloatArray, values: Sequence[Sequence[int]]) -> FloatArray:
    """(m, logits): the sum over each entry's gene."""
    counts = [len(of_gene) for of_gene in values]
    return np.repeat(np.add.reduceat(entries, _starts(values), axis=1), counts, axis=1)
