"""HADAS as published: NSGA-II over backbones, and in each that earns it, NSGA-II over exits and clocks (Section IV).

A generation's backbones are ranked on S (error, latency, energy of the static network at default clocks); the better
half goes to the inner engine. D is the hypervolume of the inner set's two objectives; those are ranked on S and D
together, and the best of old and new are crossed and mutated. Where the paper is silent: half is selected first, D is a
hypervolume, the inner population is 50, and no backbone is judged twice.

The published inner objectives speak of an oracle. What is returned beside them are the same designs under the real
entropy policy, at every level of the house's threshold dial, so that both engines can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.operators.crossover.ux import UX
from pymoo.problems.static import StaticProblem

from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_front import InnerFront
from codesign.search.ledger import Chain, ChainResult, Ledger
from codesign.search.outer import NOT_SELECTED, better_half, static_fitness
from codesign.search.outer_problem import GenerationSummary, OuterProblem, front_points, reference_of, summary
from codesign.search.pareto import hypervolume

from .clock_genes import ClockGenes
from .dynamics import Designs
from .exact_front import exact_published_front
from .inner_engine import InnerBudget, InnerSet, InnerSpace, inner_search, pareto_set
from .mating import Redraw
from .objectives import PUBLISHED_REFERENCE, Objectives, judge_of
from .reported import at_every_level, dynamics_of, judged_front

PUBLISHED_POPULATION, PUBLISHED_GENERATIONS = 64, 7  # 448 of the 450 iterations that the paper prints
PUBLISHED_BUDGET = InnerBudget()


@dataclass(frozen=True, slots=True)
class HadasRun:
    """What a search left behind."""

    records: list[BackboneRecord]  # every backbone evaluated, in that order
    results: list[ChainResult]  # every backbone met, with its designs under the real policy where S earned it any
    sets: dict[Genome, InnerSet]  # what the inner engine returned, in its own objectives


class InnerEngine:
    """The inner engine as the outer one calls it, with what it found; `InnerSet`s stay, whatever the limits."""

    def __init__(self, solver: ChainSolver, objectives: Objectives, budget: InnerBudget | None, seed: int) -> None:
        """`budget` None: solved exactly instead, what no sampling of as many backbones can exceed."""
        self._solver, self._objectives, self._budget, self._seed = solver, objectives, budget, seed
        self._clocks = ClockGenes(solver.pricing.points, solver.limits.points)
        self.sets: dict[Genome, InnerSet] = {}

    def __call__(self, chains: Sequence[Chain]) -> list[InnerFront | None]:
        """Search each backbone, then judge what was found by the real policy."""
        return [self._solved(chain) for chain in chains]

    def _solved(self, chain: Chain) -> InnerFront | None:
        (record,) = chain
        if self._budget is None and self._objectives == "real":
            return self._exactly(record)
        dynamics = dynamics_of(record, self._solver)
        real = self._objectives == "real"
        levels, fewest = (dynamics.levels, 0) if real else (1, 1)
        fewest = min(fewest, dynamics.exits)
        space = InnerSpace(dynamics.exits, self._clocks, levels, fewest, self._solver.limits.max_exits)
        if self._budget is None:
            found = exact_published_front(dynamics)
        else:
            seed = int(np.random.default_rng([self._seed, *record.genome]).integers(1 << 31))
            found = inner_search(space, judge_of(dynamics, self._objectives), self._budget, seed)
        self.sets[record.genome] = found
        designs = found.designs if real else at_every_level(found.designs, dynamics.levels)
        return judged_front(record, dynamics, designs, self._solver)

    def _exactly(self, record: BackboneRecord) -> InnerFront | None:
        front = self._solver((record,))
        if front is not None:
            self.sets[record.genome] = pareto_set(Designs(front.mask, front.point, front.level), front_points(front))
        return front


def search_as_published(
    problem: OuterProblem,
    population: int,
    generations: int,
    seed: int,
    on_generation: Callable[[GenerationSummary], None],
    *,
    solver: ChainSolver,
    objectives: Objectives = "published",
    budget: InnerBudget | None = PUBLISHED_BUDGET,
) -> HadasRun:
    """The nested search; the same for the same seed. `problem.solve` is not used: HADAS has an inner engine of its own.

    Args:
        solver: whose pricing, limits and threshold dial the designs are judged by.
        objectives: "published", or the house's "real" pair, so that the engines can be compared on one thing.
        budget: of the inner engine, per backbone; None solves it exactly, as a bound on what it can reach.
    Raises:
        InfeasibleError: the largest backbone, which progress is judged against, could not be evaluated.
    """
    sizes = np.asarray(problem.gene_sizes)
    space = Problem(n_var=sizes.size, n_obj=4, xl=np.zeros(sizes.size), xu=sizes - 1)
    first = np.random.default_rng([seed, 23]).integers(sizes, size=(population, sizes.size)).astype(float)
    algorithm = NSGA2(pop_size=population, sampling=first, crossover=UX(prob=0.9), mutation=Redraw(prob=1.0))
    algorithm.setup(space, termination=("n_gen", generations), seed=seed, verbose=False)
    engine = InnerEngine(solver, objectives, budget, seed)
    ledger = Ledger(problem.evaluate, engine, problem.pricing)
    reference = reference_of(problem, ledger)
    of_sets = PUBLISHED_REFERENCE if objectives == "published" else reference
    for generation in range(generations):
        infills = algorithm.ask()
        if infills is None or len(infills) == 0:  # every backbone of the space has been met
            break
        genomes = [problem.genome(row) for row in infills.get("X").round().astype(int)]
        ledger.evaluate(genomes)
        chains = {at: chain for at, genome in enumerate(genomes) if (chain := ledger.chain([genome])) is not None}
        static = np.asarray([static_fitness(chain, problem.pricing) for chain in chains.values()]).reshape(-1, 3)
        promoted = [list(chains)[place] for place in better_half(static)]
        for chain in chains.values():
            ledger.meet(chain)
        ledger.solve(chains[at] for at in promoted if genomes[at] not in engine.sets)
        fitness = np.full((len(genomes), 4), NOT_SELECTED)
        for at, chain in chains.items():
            if (found := engine.sets.get(genomes[at])) is not None:
                fitness[at] = *static_fitness(chain, problem.pricing), -hypervolume(found.values, of_sets)
        algorithm.evaluator.eval(StaticProblem(space, F=fitness), infills)
        algorithm.tell(infills=infills)
        on_generation(summary(generation, ledger, reference))
    return HadasRun(list(ledger.backbones.values()), list(ledger.results.values()), engine.sets)


def hadas_search(
    problem: OuterProblem,
    population: int,
    generations: int,
    seed: int,
    on_generation: Callable[[GenerationSummary], None],
    *,
    solver: ChainSolver,
) -> tuple[list[BackboneRecord], list[ChainResult]]:
    """With `solver` bound, the signature of `outer_search`: what `--strategy hadas` runs."""
    run = search_as_published(problem, population, generations, seed, on_generation, solver=solver)
    return run.records, run.results
