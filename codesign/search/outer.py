"""The outer engine: NSGA-II over chains of one to three backbones, with HADAS's two selections.

A generation first ranks its chains by what their networks are worth as they stand (S: error, latency, energy at default
clocks). Only the better half goes to the inner solver, and of that only chains that a bound does not show to be behind
the front known so far. The exact inner front of a chain that reaches it, seen as one number, the hypervolume, is D; of
any other chain D is nothing, solved or not. So a search that prunes by the bound goes the same way as one that does
not. Survivors are chosen on S and D together (HADAS, Section IV-A), among old and new alike.

What is dear is evaluating backbones; chains of evaluated ones are nearly free, and S says little of them. So after each
generation the most hopeful of those are solved too (`recombined`).

With foresight, once enough are evaluated, S needs no evaluation: a backbone is ranked by the accuracy that is
expected of it, and evaluated only once a chain of it goes to the inner solver. The first generation is evaluated whole:
hopes for many would crowd out the largest and the smallest, from which the search starts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.duplicate import DuplicateElimination
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding
from pymoo.problems.static import StaticProblem

from runtime.contract.arrays import FloatArray, IntArray

from .backbone_record import BackboneRecord, Genome
from .chain_genes import ChainGenes
from .foresight import Prospect
from .ledger import ChainResult, Ledger, generator_kept
from .outer_problem import GenerationSummary, OuterProblem, front_points, reference_of, summary
from .pareto import hypervolume
from .pricing import Pricing
from .recombined import recombined
from .solve_promising import solve_promising

NOT_SELECTED = 1e6  # worse than any error, energy or hypervolume


def outer_search(
    problem: OuterProblem,
    population: int,
    generations: int,
    seed: int,
    on_generation: Callable[[GenerationSummary], None],
) -> tuple[list[BackboneRecord], list[ChainResult]]:
    """Every backbone evaluated and every chain of such that was met, in that order; the same for the same seed.

    At most population × generations backbones are evaluated; where that many are, the search ends early.

    Raises:
        InfeasibleError: the largest backbone, which all are judged against, could not be evaluated.
    """
    genes = ChainGenes(problem.gene_choices)
    new_chains = _NewChains(genes)
    upper = np.asarray(genes.sizes) - 1
    space = Problem(n_var=len(upper), n_obj=3, xl=np.zeros(len(upper)), xu=upper)
    algorithm = NSGA2(
        pop_size=population,
        sampling=genes.first_rows(population, seed, problem.first),
        crossover=SBX(prob=0.9, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, prob_var=1.0 / len(problem.gene_choices), eta=3.0, vtype=float, repair=RoundingRepair()),
        eliminate_duplicates=new_chains,
    )
    algorithm.setup(space, termination=("n_gen", generations), seed=seed, verbose=False)
    ledger = Ledger(problem.evaluate, problem.solve, problem.pricing, population * generations)
    reference = reference_of(problem, ledger)
    for generation in range(generations):
        infills = algorithm.ask()
        if infills is None or len(infills) == 0:  # a space so small that every chain of it has been met
            break
        rows = _rows(infills)
        new_chains.met |= genes.keys(rows)
        met = [genes.genomes(row) for row in rows]
        known = ledger.backbones | _prospects(problem, ledger, [genome for genomes in met for genome in genomes])
        hoped = {
            index: problem.pricing.ordered([known[genome] for genome in genomes])
            for index, genomes in enumerate(met)
            if all(genome in known for genome in genomes)
        }
        static = np.asarray([static_fitness(chain, problem.pricing) for chain in hoped.values()]).reshape(-1, 3)
        promoted = [list(hoped)[place] for place in better_half(static)]
        ledger.evaluate(genome for index in promoted for genome in met[index])
        chains = {index: chain for index in hoped if (chain := ledger.chain(met[index])) is not None}
        for chain in chains.values():
            ledger.meet(chain)
        selected = [index for index in promoted if index in chains]
        adding = solve_promising(problem, ledger, [chains[index] for index in selected], reference)
        solve_promising(problem, ledger, recombined(problem, ledger, reference, population, genes.most), reference)
        fitness = np.full((len(met), 3), NOT_SELECTED)
        for index, front in zip(selected, adding, strict=True):
            error, _, energy_j = static_fitness(chains[index], problem.pricing)
            volume = 0.0 if front is None else hypervolume(front_points(front), reference)
            fitness[index] = error, energy_j, -volume
        algorithm.evaluator.eval(StaticProblem(space, F=fitness), infills)
        algorithm.tell(infills=infills)
        on_generation(summary(generation, ledger, reference))
        if ledger.left == 0:
            break
    return list(ledger.backbones.values()), list(ledger.results.values())


class _NewChains(DuplicateElimination):  # type: ignore[misc]  # pymoo is untyped
    """Takes for a duplicate what stands for a chain that was met before, in whatever genes."""

    def __init__(self, genes: ChainGenes) -> None:
        super().__init__()
        self._genes = genes
        self.met: set[bytes] = set()

    def do(self, pop: Population, *others: Population, **_options: object) -> Population:
        """Those of `pop` that are new, also to each other."""
        taken = set(self.met).union(*(self._genes.keys(_rows(other)) for other in others if len(other)))
        kept = []
        for index, row in enumerate(_rows(pop)):
            (key,) = self._genes.keys(row[None])
            if key not in taken:
                kept.append(index)
                taken.add(key)
        return pop[kept]


def _rows(population: Population) -> IntArray:
    rows: IntArray = population.get("X").round().astype(np.int64)
    return rows


def _prospects(problem: OuterProblem, ledger: Ledger, genomes: Sequence[Genome]) -> dict[Genome, Prospect]:
    """Those of a generation's genomes that need no evaluation yet; none without foresight, or early on."""
    if problem.foresight is None or len(ledger.backbones) < problem.foresight.fewest:
        ledger.evaluate(genomes)
        return {}
    known = ledger.backbones.keys() | ledger.failed.keys()
    unknown = [genome for genome in dict.fromkeys(genomes) if genome not in known]
    with generator_kept():
        found = problem.foresight.prospects(list(ledger.backbones.values()), unknown)
    ledger.evaluate(genome for genome in unknown if genome not in found)  # which says why nothing can be foreseen
    return {genome: prospect for genome, prospect in found.items() if problem.pricing.unpriced(prospect) is None}


def static_fitness(chain: Sequence[BackboneRecord | Prospect], pricing: Pricing) -> tuple[float, float, float]:
    """S: error of the last network, latency and energy of all of them in full at default clocks."""
    latency_s, energy_j = pricing.full_depth(chain)
    return 1.0 - chain[-1].accuracy, latency_s, energy_j


def better_half(static: FloatArray) -> list[int]:
    """Rows of the better half on S, rising, by non-dominated rank and crowding."""
    if len(static) == 0:
        return []
    population = Population.new(F=static)
    population.set("index", np.arange(len(static)))
    kept = RankAndCrowding().do(Problem(n_var=1, n_obj=3), population, n_survive=(len(static) + 1) // 2)
    return sorted(int(index) for index in kept.get("index"))
