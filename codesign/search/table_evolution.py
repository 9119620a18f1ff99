"""Evolutionary search for accurate, cheap designs of a table of a whole space, its costs estimated by any means.

NSGA-II (Deb et al., 2002) as pymoo has it, over whole-numbered genes: simulated binary crossover and polynomial
mutation, rounded.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.problems.static import StaticProblem

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

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
    upper = np.asarray(space.sizes) - 1
    problem = Problem(n_var=len(upper), n_obj=2, xl=np.zeros(len(upper)), xu=upper)
    algorithm = NSGA2(
        pop_size=population,
        sampling=IntegerRandomSampling(),
        crossover=SBX(prob=0.9, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
    )
    algorithm.setup(problem, termination=("n_gen", generations), seed=seed, verbose=False)
    costs: dict[int, float] = {}
    for _ in range(generations):
        infills = algorithm.ask()
        if infills is None or len(infills) == 0:
            break
        rows = space.rows(infills.get("X").round().astype(int))
        new = np.array(sorted(set(rows.tolist()) - costs.keys()), dtype=np.int64)
        if len(new):
            costs |= dict(zip(new.tolist(), estimate(new).tolist(), strict=True))
        found = np.array([costs[int(row)] for row in rows])
        algorithm.evaluator.eval(StaticProblem(problem, F=np.column_stack([1.0 - accuracy[rows], found])), infills)
        algorithm.tell(infills=infills)
    return np.array(list(costs), dtype=np.int64)


def _holes(rows: int, size: int) -> str:
    return f"the table holds {rows:,} designs of a space of {size:,}"
