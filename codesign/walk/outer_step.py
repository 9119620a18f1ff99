"""The outer search of a run, by whatever strategy, over the run folder's archive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from codesign.scale.in_process import InProcess
from codesign.scale.workplace import Workplace
from codesign.search.backbone_record import BackboneRecord, Genome, genome_name
from codesign.search.by_strategy import strategy_search
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_front import InnerFront
from codesign.search.ledger import Chain, ChainKey, ChainResult, chain_key
from codesign.search.outer import outer_search
from codesign.search.outer_problem import GenerationSummary, OuterProblem
from codesign.search.strategies.protocol import Options
from codesign.search.strategies.registry import STRATEGIES, make_strategy
from codesign.search.strategies.search_space import SearchSpace
from codesign.space.narrowing import narrowed_choices
from runtime.contract.errors import ConfigError, DataError

from .archive import RunArchive
from .evaluate import Evaluator
from .far_work import Failed, evaluate_all, solve_all
from .priced import priced
from .progress import Tick
from .unevaluated import foresight_of

HERE = InProcess()
WINDOW_LOSSES = 5.0  # fronts are judged down to this many allowed losses below the largest backbone
HOUSE, HADAS = "house", "hadas"
TABLES_ONLY = {"house"}  # strategies of the registry whose name means another engine here

Engine = Callable[
    [OuterProblem, int, int, int, Callable[[GenerationSummary], None]],
    tuple[list[BackboneRecord], list[ChainResult]],
]


@dataclass(frozen=True, slots=True)
class OuterSearched:
    """What a search left behind."""

    records: list[BackboneRecord]
    results: list[ChainResult]
    history: list[GenerationSummary]
    told: dict[str, Any]  # `search` of the results


def strategy_names() -> tuple[str, ...]:
    """What `--strategy` takes."""
    return (HOUSE, HADAS, *sorted(STRATEGIES.keys() - TABLES_ONLY))


def check_strategy(name: str) -> None:
    """Raise ConfigError, before anything long starts, on a strategy that is not known or not installed."""
    if name not in strategy_names():
        raise ConfigError(
            f"no strategy {name!r}", where="--strategy", to_do=f"choose one of {', '.join(strategy_names())}"
        )
    if name not in (HOUSE, HADAS):
        objectives = min(3, STRATEGIES[name].objectives[1])
        make_strategy(name, SearchSpace((2, 2)), objectives, 0, Options(evaluations=16, limit=1.0))


def window_of(max_accuracy_loss: float) -> float:
    """How far below the largest backbone fronts are judged."""
    return max(WINDOW_LOSSES * max_accuracy_loss, 0.05)


def run_outer_search(
    evaluator: Evaluator,
    solver: ChainSolver,
    *,
    population: int,
    generations: int,
    max_accuracy_loss: float,
    seed: int,
    tick: Tick,
    foresee: bool = False,
    workplace: Workplace = HERE,
    strategy: str = HOUSE,
    left_out: Sequence[str] = (),
    archive: RunArchive | None = None,
    first: Sequence[Sequence[Genome]] = (),
    prune: bool = True,
) -> OuterSearched:
    """Search; what was evaluated or solved before an interruption is read back.

    Args:
        foresee: evaluate only backbones whose expected accuracy earns their chain a solution; else all that are met.
        workplace: where backbones are evaluated and chains solved; no part of what comes of it.
        strategy: one of `strategy_names`.
        left_out: values of genes to keep away from, see `narrowed_choices`.
        archive: where evaluations are noted.
        first: chains to start from, in the order of the front they made elsewhere; they replace random ones.
        prune: leave chains unsolved that a bound shows to be behind; no part of the front that comes of it either.
    Raises:
        ConfigError: what is left out is not there, or leaves nothing.
        InfeasibleError: the largest backbone, which all are judged against, could not be evaluated.
    """
    history: list[GenerationSummary] = []
    evaluated: set[Genome] = set()
    failed: dict[Genome, str] = {}
    too_large: set[ChainKey] = set()
    solved = 0

    def note() -> None:
        spared = f", {history[-1].skipped} not worth solving" if history and history[-1].skipped else ""
        tick(len(history), generations, f"{len(evaluated)} backbones, {solved} chains{spared}")

    def seen(genome: Genome) -> None:
        evaluated.add(genome)
        note()

    def evaluate(genomes: Sequence[Genome]) -> list[BackboneRecord]:
        found = [priced(one, solver.pricing) for one in evaluate_all(evaluator, genomes, workplace, seen)]
        if archive is not None:
            archive.add_backbones(found)
        failed.update({one.genome: one.reason for one in found if isinstance(one, Failed)})
        if largest in failed:
            raise DataError(
                f"the largest backbone, which all others are judged against, cannot be evaluated: {failed[largest]}"
            )
        return [one for one in found if isinstance(one, BackboneRecord)]

    def one_more() -> None:
        nonlocal solved
        solved += 1
        note()

    def solve(chains: Sequence[Chain]) -> list[InnerFront | None]:
        small = [chain for chain in chains if solver.can_solve(chain)]
        too_large.update(map(chain_key, chains))
        too_large.difference_update(map(chain_key, small))
        fronts = iter(solve_all(solver, small, evaluator.folder, workplace, one_more))
        return [None if chain_key(chain) in too_large else next(fronts) for chain in chains]

    def on_generation(summary: GenerationSummary) -> None:
        history.append(summary)
        note()

    window = window_of(max_accuracy_loss)
    default = solver.pricing.default
    problem = OuterProblem(
        narrowed_choices(evaluator.supernet.space, left_out),
        evaluate,
        solve,
        solver.pricing,
        accuracy_window=window,
        reference_energy_j=lambda record: float(solver.static_energies_j(record)[default]),
        foresight=foresight_of(evaluator) if foresee else None,
        first=first,
        adds_nothing=solver.adds_nothing if prune else None,
    )
    largest = problem.largest
    records, results = _engine(strategy, solver)(problem, population, generations, seed, on_generation)
    last = history[-1] if history else None
    told = {
        "strategy": strategy,
        "backbones": len(records),
        "chains": sum(result.front is not None for result in results),
        "solves_saved": 0 if last is None else last.skipped,
        "with_too_many_exits": len(too_large),  # to be solved
        "failed": [{"name": genome_name(genome), "why": why} for genome, why in failed.items()],
    }
    return OuterSearched(records, results, history, told)


def _engine(strategy: str, solver: ChainSolver) -> Engine:
    if strategy == HOUSE:
        return outer_search
    if strategy == HADAS:
        from codesign.search.hadas.nested import hadas_search  # its own inner engine: only where it is asked for

        return partial(hadas_search, solver=solver)
    check_strategy(strategy)
    return partial(strategy_search, name=strategy)
