"""Any strategy that is asked and told, searching chains as the house engine does: same budget, same judge.

A strategy must be told numbers for each chain, while what a chain is worth is a whole front. It is told the error and
the energy that the chain hopes for (see `hoped`), energy as a share of the largest backbone's, and how much
of the window in which fronts are judged the chain's own front leaves undominated (1 - share of hypervolume). A strategy
that takes two objectives is told the first two; a limit, where one is needed, is the largest backbone's energy.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runtime.contract.arrays import FloatArray

from .backbone_record import BackboneRecord
from .chain_genes import ChainGenes
from .ledger import Chain, ChainResult, Ledger
from .outer_problem import GenerationSummary, OuterProblem, front_points, reference_of, summary
from .pareto import hypervolume
from .recombined import hoped
from .strategies.protocol import Options
from .strategies.registry import STRATEGIES, make_strategy
from .strategies.search_space import SearchSpace

OBJECTIVES = 3  # error, energy, undominated share; of these as many as the strategy takes


def strategy_search(
    problem: OuterProblem,
    population: int,
    generations: int,
    seed: int,
    on_generation: Callable[[GenerationSummary], None],
    *,
    name: str,
) -> tuple[list[BackboneRecord], list[ChainResult]]:
    """As `outer_search`, at the same budget: at most population × generations evaluations of backbones.

    Every chain is solved. Foresight and bounds are the house engine's.

    Raises:
        ConfigError: no such strategy, or one whose extra is not installed.
        InfeasibleError: the largest backbone, which all are judged against, could not be evaluated.
    """
    genes = ChainGenes(problem.gene_choices)
    space = SearchSpace(genes.sizes, canonical=genes.canonical)
    budget = population * generations
    objectives = min(OBJECTIVES, STRATEGIES[name].objectives[1]) if name in STRATEGIES else OBJECTIVES
    strategy = make_strategy(
        name, space, objectives, seed, Options(population=population, evaluations=budget, limit=1.0)
    )
    ledger = Ledger(problem.evaluate, problem.solve, problem.pricing, budget)
    reference = reference_of(problem, ledger)
    for generation in range(generations):
        rows = strategy.ask(population)
        if len(rows) == 0:
            break
        met = [genes.genomes(row) for row in rows]
        ledger.evaluate(genome for genomes in met for genome in genomes)
        chains = [ledger.chain(genomes) for genomes in met]
        ledger.solve(chain for chain in chains if chain is not None)
        values = np.full((len(rows), objectives), np.nan)
        violations = np.zeros(len(rows))
        for index, chain in enumerate(chains):
            if chain is not None:
                values[index] = _worth(chain, ledger, problem, reference)[:objectives]
                violations[index] = 0.0 if ledger.meet(chain).front is not None else 1.0
        strategy.tell(rows, values, violations)
        on_generation(summary(generation, ledger, reference))
        if ledger.left == 0:
            break
    return list(ledger.backbones.values()), list(ledger.results.values())


def _worth(chain: Chain, ledger: Ledger, problem: OuterProblem, reference: FloatArray) -> FloatArray:
    """(OBJECTIVES,): hoped error, hoped energy over the reference, share of the window left undominated."""
    front = ledger.meet(chain).front
    reached = 0.0 if front is None else hypervolume(front_points(front), reference) / float(np.prod(reference))
    error = np.asarray([[1.0 - record.accuracy for record in chain]])
    energy_j = np.asarray([[problem.pricing.full_depth([record])[1] for record in chain]])
    ((hoped_error, hoped_j),) = hoped(error, energy_j)
    return np.asarray([hoped_error, hoped_j / reference[1], 1.0 - reached])
