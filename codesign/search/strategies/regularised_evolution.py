"""Regularised evolution (Real et al., AAAI 2019): the oldest die; the best of a random sample has a mutated child.

With several objectives, "best" is by a Chebyshev distance whose weights are drawn anew for each child (see scalarise),
so that the population spreads along the front; with one objective it is the paper's.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .mutation import one_gene_changed
from .protocol import Options
from .record import Record
from .scalarise import chebyshev, random_weights
from .search_space import SearchSpace, keys

SAMPLE_SHARE = 0.25  # of the population, which a parent is the best of: the paper's 25 of 100
TRIES = 20  # mutations of a parent, then of other parents, before a random design takes the child's place


class RegularisedEvolution:
    """The population is whoever was told last."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int, population: int) -> None:
        self.record, self.population = Record(space, objectives, seed), population

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record = self.record
        rng = record.generator()
        alive = np.flatnonzero(np.isfinite(record.values).all(axis=1))[-self.population :]
        if len(record) < self.population or not len(alive):
            return record.ask(record.space.fresh(rng, count, record.taken))
        children = [self._child(alive, rng) for _ in range(count)]
        return np.concatenate(children)

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)

    def _child(self, alive: IntArray, rng: np.random.Generator) -> IntArray:
        """(1, genes); (0, genes) where the space holds nothing new."""
        record = self.record
        for _ in range(TRIES):
            sample = rng.choice(alive, size=max(2, round(SAMPLE_SHARE * self.population)))
            weights = random_weights(rng, record.objectives)
            scores = chebyshev(record.values[sample], record.violations[sample], weights)
            parent = record.genomes[sample[int(np.argmin(scores))]]
            children = one_gene_changed(record.space, np.repeat(parent[None], TRIES, axis=0), rng, record.taken)
            free = [index for index, key in enumerate(keys(children)) if key not in record]
            if free:
                return record.ask(children[free[:1]])
        return record.ask(record.space.fresh(rng, 1, record.taken))


def regularised_evolution(space: SearchSpace, objectives: int, seed: int, options: Options) -> RegularisedEvolution:
    """The factory of strategy `regularised-evolution`."""
    return RegularisedEvolution(space, objectives, seed, options.population)
