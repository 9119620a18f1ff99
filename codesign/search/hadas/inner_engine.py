"""The inner engine as published: NSGA-II over exits and clocks of one backbone (HADAS, Section IV-B).

pymoo's NSGA-II with uniform crossover; a mutated gene is drawn anew, since neither bits nor rows of a clock table are
better served by small steps. The paper prints the budget (3,500 evaluations) and neither population nor operators.
Everything evaluated may enter the set that is returned, not the last population alone: no design is lost again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.mating import Mating
from pymoo.core.problem import Problem
from pymoo.operators.crossover.ux import UX
from pymoo.operators.selection.tournament import TournamentSelection
from pymoo.problems.static import StaticProblem

from codesign.search.ledger import generator_kept
from codesign.search.pareto import nondominated_2d
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

from .clock_genes import ClockGenes
from .dynamics import Designs
from .mating import NewGenes, Redraw, binary_tournament

MATINGS = 2  # tries to fill a generation with new designs; in a small space it stays smaller rather than waiting
Judge = Callable[[Designs], FloatArray]  # (designs, 2), both to be small


@dataclass(frozen=True, slots=True)
class InnerBudget:
    """Evaluations per backbone, and how many make a generation. Raises ConfigError where that is no generation."""

    evaluations: int = 3500
    population: int = 50  # assumed: the paper gives only the product

    def __post_init__(self) -> None:
        if self.population < 2 or self.evaluations < self.population:
            raise ConfigError(
                f"{self.evaluations} evaluations in generations of {self.population} are no search",
                to_do="give a population of at least 2 and at least as many evaluations",
            )


@dataclass(frozen=True, slots=True)
class InnerSpace:
    """What the genes of a design are: a bit per exit, an index per clock, and a threshold level where there are any."""

    exits: int
    clocks: ClockGenes
    levels: int = 1  # 1: no such gene, as published; more: the real policy's dial
    fewest_exits: int = 1  # as published; 0 lets a network go without
    most_exits: int | None = None  # None: as many as there are

    @property
    def sizes(self) -> IntArray:
        """Choices of each gene."""
        return np.asarray([*([2] * self.exits), *self.clocks.sizes, self.levels])

    def designs(self, genes: IntArray) -> Designs:
        """Genes (designs, genes) read; a design with too few exits gets the deepest ones, too many lose those."""
        bits = genes[:, : self.exits].copy()
        for exit_index in range(self.exits - 1, self.exits - 1 - self.fewest_exits, -1):
            bits[bits.sum(axis=1) < self.fewest_exits, exit_index] = 1
        if self.most_exits is not None:
            bits[np.cumsum(bits, axis=1) > self.most_exits] = 0
        mask = bits.astype(np.int64) @ (np.int64(1) << np.arange(self.exits, dtype=np.int64))
        clocks = self.clocks.points(genes[:, self.exits : self.exits + 3])
        return Designs(mask, clocks, genes[:, self.exits + 3])


@dataclass(frozen=True, slots=True)
class InnerSet:
    """The Pareto set of all that was evaluated, by rising first objective, and everything evaluated, in order."""

    designs: Designs
    values: FloatArray  # (designs, 2), to be small
    evaluated: FloatArray  # (evaluations, 2)


def inner_search(space: InnerSpace, judge: Judge, budget: InnerBudget, seed: int) -> InnerSet:
    """NSGA-II within the budget; the same for the same seed, and numpy's global generator is left as it was.

    A space no larger than the budget is evaluated whole: there is nothing to search.
    """
    sizes = space.sizes
    if np.prod(sizes, dtype=float) <= budget.evaluations:
        everything = space.designs(np.indices(tuple(sizes.tolist())).reshape(sizes.size, -1).T)
        return pareto_set(everything, judge(everything))
    problem = Problem(n_var=sizes.size, n_obj=2, xl=np.zeros(sizes.size), xu=sizes - 1)
    first = np.random.default_rng([seed, 17]).integers(sizes, size=(budget.population, sizes.size)).astype(float)
    new_genes = NewGenes()
    mating = Mating(
        TournamentSelection(func_comp=binary_tournament),
        UX(prob=0.9),
        Redraw(prob=1.0),
        eliminate_duplicates=new_genes,
        n_max_iterations=MATINGS,
    )
    algorithm = NSGA2(pop_size=budget.population, sampling=first, mating=mating, eliminate_duplicates=new_genes)
    seen: list[Designs] = []
    values: list[FloatArray] = []
    evaluated = 0
    with generator_kept():
        algorithm.setup(problem, termination=("n_gen", 1 << 30), seed=seed, verbose=False)
        while evaluated < budget.evaluations:
            infills = algorithm.ask()
            if infills is None or len(infills) == 0:  # nothing new left to be had
                break
            designs = space.designs(infills.get("X").round().astype(np.int64))
            found = judge(designs)
            left = budget.evaluations - evaluated
            seen.append(designs.where(np.arange(min(left, len(designs)))))
            values.append(found[:left])
            evaluated += len(seen[-1])
            algorithm.evaluator.eval(StaticProblem(problem, F=found), infills)
            algorithm.tell(infills=infills)
    return pareto_set(_joined(seen), np.concatenate(values))


def random_search(space: InnerSpace, judge: Judge, evaluations: int, seed: int) -> InnerSet:
    """Designs drawn uniformly: what any engine has to beat."""
    genes = np.random.default_rng([seed, 19]).integers(space.sizes, size=(evaluations, space.sizes.size))
    designs = space.designs(genes)
    return pareto_set(designs, judge(designs))


def pareto_set(designs: Designs, values: FloatArray) -> InnerSet:
    """What no other design beats."""
    kept = nondominated_2d(values[:, 0], values[:, 1])
    return InnerSet(designs.where(kept), values[kept], values)


def _joined(parts: list[Designs]) -> Designs:
    return Designs(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("mask", "point", "level")))
