"""Evolutionary search, NSGA-II, for accurate and cheap designs of a table of a whole space; costs come by any means."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .strategies.nsga2 import nsga2_script
from .strategies.search_space import SearchSpace

Estimate = Callable[[IntArray], FloatArray]  # rows of the table to what they are thought to cost


class WholeSpace:
    """Rows of a table by genome. Raises DataError where a genome is missing: evolution would step into the hole."""

    def __init__(self, genome: IntArray) -> None:
        self.values = [np.unique(column) for column in genome.T]
        places = [np.searchsorted(values, column) for values, column in zip(self.values, genome.T, strict=True)]
        self.sizes = tuple(len(values) for values in self.values)
        size = int(np.prod(self.sizes, dtype=np.float64))
        if size > 8 * len(genome):
            raise DataError(_holes(len(genome), size), to_do="use a table of a whole space, such as NAS-Bench-201's")
        self._row = np.full(size, -1)
        self._row[np.ravel_multi_index(places, self.sizes)] = np.arange(len(genome))
        if (self._row < 0).any():
            raise DataError(_holes(len(genome), size), to_do="use a table of a whole space, such as NAS-Bench-201's")

    def rows(self, places: IntArray) -> IntArray:
        """(n,): the rows of genomes given as places among the values of each gene, (n, genes)."""
        rows: IntArray = self._row[np.ravel_multi_index(list(places.T), self.sizes)]
        return rows


def evolve(
    space: WholeSpace, accuracy: FloatArray, estimate: Estimate, population: int, generations: int, seed: int
) -> IntArray:
    """Rows of the table in the order they were first met, each once.

    Args:
        accuracy: (n,) of each row; known, as from a supernet.
        estimate: asked once for each row met, a generation at a time.
    """
    script = nsga2_script(SearchSpace(space.sizes), objectives=2, seed=seed, population=population)
    costs: dict[int, float] = {}
    designs = next(script)
    for generation in range(1, generations + 1):
        rows = space.rows(designs)
        new = np.array(sorted(set(rows.tolist()) - costs.keys()), dtype=np.int64)
        if len(new):
            costs |= dict(zip(new.tolist(), estimate(new).tolist(), strict=True))
        found = np.array([costs[int(row)] for row in rows])
        if generation < generations:
            try:
                designs = script.send((np.column_stack([1.0 - accuracy[rows], found]), np.zeros(len(rows))))
            except StopIteration:  # no offspring but what is in the population
                break
    return np.array(list(costs), dtype=np.int64)


def _holes(rows: int, size: int) -> str:
    return f"the table holds {rows:,} designs of a space of {size:,}"
