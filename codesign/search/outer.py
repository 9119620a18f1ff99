"""The outer engine: NSGA-II over chains of one or two backbones, with HADAS's two selections.

A generation first ranks its chains by what their networks are worth as they stand (S: accuracy, latency, energy at
default clocks). Only the better half goes to the inner solver; its whole exact front, seen as one number, the
hypervolume, is D. Survivors are chosen on S and D together (HADAS, Section IV-A), among old and new alike.

With foresight, once enough are evaluated, S needs no evaluation: a backbone is ranked by the accuracy that is
expected of it, and evaluated only once a chain of it goes to the inner solver. The first generation is evaluated whole:
hopes for many would crowd out the largest and the smallest, from which the search starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.population import Population
from pymoo.core.problem import Problem
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.survival.rank_and_crowding import RankAndCrowding
from pymoo.problems.static import StaticProblem

from runtime.contract.arrays import FloatArray, IntArray

from .backbone_record import BackboneRecord, Genome
from .foresight import Foresight, Prospect
from .inner_front import InnerFront
from .pareto import hypervolume
from .pricing import Pricing

Chain = tuple[BackboneRecord, ...]
NOT_SELECTED = 1e6  # worse than any error, energy or hypervolume


@dataclass(frozen=True, slots=True)
class ChainResult:
    """A chain, cheap backbone first, and its exact inner front on `select`.

    The front is None where S did not earn it one, or nothing in the grid meets the limits.
    """

    chain: Chain
    front: InnerFront | None


@dataclass(frozen=True, slots=True)
class GenerationSummary:
    """Progress of a search, for people and for the report."""

    generation: int
    backbones: int  # evaluated so far
    chains: int  # solved so far
    hypervolume: float  # of all fronts together


@dataclass(frozen=True, slots=True)
class OuterProblem:
    """What is searched, and how it is judged. `evaluate` and `solve` may answer from a cache: nothing else changes."""

    gene_sizes: tuple[int, ...]  # choices of each gene of one backbone
    evaluate: Callable[[Genome], BackboneRecord]
    solve: Callable[[Chain], InnerFront | None]  # None: nothing in the grid meets the limits
    pricing: Pricing
    accuracy_window: float  # fronts are judged this far below the largest backbone's accuracy
    reference_energy_j: Callable[[BackboneRecord], float]  # and up to this, of the largest, in the fronts' own energy
    foresight: Foresight | None = None  # None: every backbone met is evaluated


def outer_search(
    problem: OuterProblem,
    population: int,
    generations: int,
    seed: int,
    on_generation: Callable[[GenerationSummary], None],
) -> tuple[list[BackboneRecord], list[ChainResult]]:
    """Every backbone evaluated and every chain of such that was met, in that order; the same for the same seed."""
    sizes = np.asarray(problem.gene_sizes)
    genes = len(sizes)
    upper = np.concatenate([sizes - 1, sizes - 1, [1]])  # cheap backbone, dear backbone, whether there are two
    space = Problem(n_var=len(upper), n_obj=3, xl=np.zeros(len(upper)), xu=upper)
    algorithm = NSGA2(
        pop_size=population,
        sampling=_first_population(sizes, population, seed),
        crossover=SBX(prob=0.9, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
    )
    algorithm.setup(space, termination=("n_gen", generations), seed=seed, verbose=False)
    backbones: dict[Genome, BackboneRecord] = {}
    results: dict[tuple[Genome, ...], ChainResult] = {}

    def backbone(genome: Genome) -> BackboneRecord:
        if genome not in backbones:
            with _generator_kept():
                backbones[genome] = problem.evaluate(genome)
        return backbones[genome]

    def prospects(genomes: Sequence[Genome]) -> dict[Genome, Prospect]:
        """Those of a generation's genomes that need no evaluation yet: none without foresight, or early on."""
        if problem.foresight is None or len(backbones) < problem.foresight.fewest:
            for genome in genomes:
                backbone(genome)
            return {}
        unknown = [genome for genome in dict.fromkeys(genomes) if genome not in backbones]
        with _generator_kept():
            return problem.foresight.prospects(list(backbones.values()), unknown)

    largest = backbone(tuple(int(size) - 1 for size in sizes))
    reference = np.asarray([1.0 - largest.accuracy + problem.accuracy_window, problem.reference_energy_j(largest)])
    for generation in range(generations):
        infills = algorithm.ask()
        if infills is None or len(infills) == 0:  # a space so small that every chain of it has been met
            break
        met = [_genomes(row, genes) for row in infills.get("X").round().astype(int)]
        foreseen = prospects([genome for genomes in met for genome in genomes])
        hoped = [problem.pricing.ordered([backbones.get(g) or foreseen[g] for g in genomes]) for genomes in met]
        promoted = set(_first_selection(np.asarray([_static_fitness(chain, problem.pricing) for chain in hoped])))
        fitness = np.full((len(met), 3), NOT_SELECTED)
        for index, genomes in enumerate(met):
            if index not in promoted and any(genome not in backbones for genome in genomes):
                continue
            chain = problem.pricing.ordered([backbone(genome) for genome in genomes])
            key = tuple(record.genome for record in chain)
            known = results.get(key)
            if known is None or (known.front is None and index in promoted):
                with _generator_kept():
                    known = ChainResult(chain, problem.solve(chain) if index in promoted else None)
                results[key] = known
            if known.front is not None:
                volume = hypervolume(front_points(known.front), reference)
                error, _, energy_j = _static_fitness(chain, problem.pricing)
                fitness[index] = error, energy_j, -volume
        algorithm.evaluator.eval(StaticProblem(space, F=fitness), infills)
        algorithm.tell(infills=infills)
        fronts = [front_points(result.front) for result in results.values() if result.front is not None]
        volume = hypervolume(np.concatenate(fronts), reference) if fronts else 0.0
        on_generation(GenerationSummary(generation, len(backbones), len(fronts), volume / float(np.prod(reference))))
    return list(backbones.values()), list(results.values())


@contextmanager
def _generator_kept() -> Iterator[None]:
    """pymoo draws from numpy's one global generator; whether the block draws from it too must not matter."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)


def front_points(front: InnerFront) -> FloatArray:
    """(designs, 2): error and energy [J], both to be small."""
    return np.stack([1.0 - front.accuracy, front.energy_j], axis=1)


def _first_population(sizes: IntArray, population: int, seed: int) -> FloatArray:
    """Random chains, and for certain: the largest alone, the smallest alone, and the smallest before the largest."""
    rng = np.random.default_rng([seed, 5])
    genomes = rng.integers(np.tile(sizes, 2), size=(population, 2 * len(sizes)))
    twice = np.arange(population) % 2
    zeros, tops = np.zeros_like(sizes), sizes - 1
    for index, (first, second, two) in enumerate(((tops, tops, 0), (zeros, zeros, 0), (zeros, tops, 1))[:population]):
        genomes[index], twice[index] = np.concatenate([first, second]), two
    return np.concatenate([genomes, twice[:, None]], axis=1).astype(float)


def _genomes(row: IntArray, genes: int) -> list[Genome]:
    """The backbones of a chain as the genetic algorithm writes it."""
    first, second = tuple(map(int, row[:genes])), tuple(map(int, row[genes:-1]))
    return [first, second] if row[-1] else [first]


def _static_fitness(chain: Sequence[BackboneRecord | Prospect], pricing: Pricing) -> tuple[float, float, float]:
    """S: error of the last network, latency and energy of all of them in full at default clocks."""
    latency_s, energy_j = pricing.full_depth(chain)
    return 1.0 - chain[-1].accuracy, latency_s, energy_j


def _first_selection(static: FloatArray) -> Sequence[int]:
    """Indices of the better half on S, by non-dominated rank and crowding."""
    population = Population.new(F=static)
    population.set("index", np.arange(len(static)))
    kept = RankAndCrowding().do(Problem(n_var=1, n_obj=3), population, n_survive=(len(static) + 1) // 2)
    return [int(index) for index in kept.get("index")]
