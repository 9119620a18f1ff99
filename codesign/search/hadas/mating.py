"""Mating for pymoo's NSGA-II over choices: the rules are pymoo's, taken for a whole population at once.

pymoo compares individuals pair by pair in Python, which is most of the time of a search whose designs cost
microseconds. Who wins, and what counts as a duplicate, is unchanged; only which random numbers are drawn is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pymoo.core.duplicate import DuplicateElimination
from pymoo.core.mutation import Mutation
from pymoo.core.population import Population

from runtime.contract.arrays import FloatArray, IntArray


class Redraw(Mutation):  # type: ignore[misc]  # pymoo's operators are classes to inherit, and untyped
    """Each gene with chance 1/genes is drawn anew from its choices."""

    def _do(self, problem: Any, genes: FloatArray, **_: Any) -> FloatArray:
        drawn = np.floor(np.random.random(genes.shape) * (problem.xu + 1)).clip(max=problem.xu)
        return np.where(np.random.random(genes.shape) < 1.0 / genes.shape[1], drawn, genes)


class NewGenes(DuplicateElimination):  # type: ignore[misc]
    """Drops individuals with the genes of another, whole numbers throughout."""

    def do(self, pop: Population, *others: Population, **_: Any) -> Population:
        """Those of `pop` that are new, also to each other, in their order."""
        taken = {row.tobytes() for other in others if len(other) for row in other.get("X")}
        kept = []
        for index, row in enumerate(pop.get("X")):
            if (key := row.tobytes()) not in taken:
                taken.add(key)
                kept.append(index)
        return pop[kept]


def binary_tournament(pop: Population, pairs: IntArray, **_: Any) -> IntArray:
    """The winner of each pair (tournaments, 2), as (tournaments, 1): who dominates, else who is less crowded."""
    values, crowding = pop.get("F", "crowding")
    first, second = pairs.T
    ahead = _dominates(values[first], values[second]).astype(int) - _dominates(values[second], values[first])
    ahead = np.where(ahead == 0, np.sign(_finite(crowding[first]) - _finite(crowding[second])), ahead)
    ahead = np.where(ahead == 0, np.random.choice([-1, 1], size=len(pairs)), ahead)
    return np.asarray(np.where(ahead > 0, first, second)[:, None])


def _dominates(ours: FloatArray, theirs: FloatArray) -> IntArray:
    """Row by row, (n,) 0 or 1."""
    return np.asarray(((ours <= theirs).all(axis=1) & (ours < theirs).any(axis=1)).astype(int))


def _finite(crowding: FloatArray) -> FloatArray:
    """Infinite distances, of the ends of a front, made comparable."""
    return np.asarray(np.minimum(crowding.astype(np.float64), np.finfo(np.float64).max / 2))
