"""The published search: deterministic, within its budget, promoting half, and judged by the real policy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.hadas.exact_front import exact_published_front
from codesign.search.hadas.inner_engine import InnerBudget
from codesign.search.hadas.nested import HadasRun, InnerEngine, hadas_search, search_as_published
from codesign.search.hadas.objectives import Objectives
from codesign.search.hadas.reported import dynamics_of
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import Chain
from codesign.search.outer_problem import GenerationSummary, OuterProblem
from codesign.search.pareto import dominated_by
from tests.codesign.search.records import pricing, record, solver

SIZES = (6, 3, 3)


def evaluated(genomes: Sequence[Genome]) -> list[BackboneRecord]:
    np.random.seed(None)  # what evaluating draws must not matter
    return [
        record(genome, size=1.0 + sum(genome), skill=0.4 + 0.06 * sum(genome), candidates=4, seed=sum(genome))
        for genome in genomes
    ]


def unused(_chains: Sequence[Chain]) -> list[InnerFront | None]:
    raise AssertionError("HADAS has an inner engine of its own")


def problem(wanted: ChainSolver) -> OuterProblem:
    at = wanted.pricing.default
    return OuterProblem(
        tuple(tuple(range(size)) for size in SIZES),
        evaluated,
        unused,
        pricing(),
        0.5,
        lambda largest: float(wanted.static_energies_j(largest)[at]),
    )


def searched(
    seed: int = 0, objectives: Objectives = "published", limits: InnerLimits | None = None
) -> tuple[HadasRun, list[GenerationSummary]]:
    wanted, history = solver(limits, levels=4), list[GenerationSummary]()
    run = search_as_published(
        problem(wanted), 8, 4, seed, history.append, solver=wanted, objectives=objectives, budget=InnerBudget(60, 10)
    )
    return run, history


@pytest.mark.parametrize("objectives", ["published", "real"])
def test_the_same_seed_searches_the_same_and_another_seed_does_not(objectives: Objectives) -> None:
    one, history = searched(3, objectives)
    again, same_history = searched(3, objectives)
    other, _ = searched(4, objectives)
    assert [r.genome for r in one.records] == [r.genome for r in again.records]
    assert history == same_history
    assert [r.genome for r in one.records] != [r.genome for r in other.records]


def test_half_of_a_generation_goes_to_the_inner_engine() -> None:
    run, history = searched()
    assert [summary.generation for summary in history] == [0, 1, 2, 3]
    assert 4 <= len(run.sets) <= 4 * len(history)
    assert {r.chain[0].genome for r in run.results if r.front is not None} == set(run.sets)
    assert len(run.records) <= 1 + 8 * len(history)


def test_a_backbone_is_evaluated_once() -> None:
    run, _ = searched()
    genomes = [r.genome for r in run.records]
    assert len(genomes) == len(set(genomes))


def test_what_the_inner_engine_finds_no_better_than_the_exact_front() -> None:
    run, _ = searched()
    wanted = solver(levels=4)
    for found in run.records:
        if found.genome in run.sets:
            exact = exact_published_front(dynamics_of(found, wanted)).values
            assert not dominated_by(exact, run.sets[found.genome].values * (1 - 1e-12)).any()


def test_reported_designs_are_of_the_real_policy_and_keep_to_the_limits() -> None:
    run, _ = searched(limits=InnerLimits(max_exits=1))
    fronts = [result.front for result in run.results if result.front is not None]
    assert fronts
    exact = {result.chain[0].genome: solver(InnerLimits(max_exits=1), levels=4)(result.chain) for result in run.results}
    for result in run.results:
        best = exact[result.chain[0].genome]
        if result.front is not None and best is not None:
            assert (np.bitwise_count(result.front.mask) <= 1).all()
            assert result.front.accuracy.max() <= best.accuracy.max()
            assert result.front.energy_j.min() >= best.energy_j.min() * (1 - 1e-12)


def test_solved_exactly_a_backbone_has_the_front_of_the_house() -> None:
    wanted = solver(levels=4)
    engine = InnerEngine(wanted, "real", None, seed=0)
    chains = [(r,) for r in evaluated([(0, 0, 0), (2, 1, 0)])]
    for chain, front in zip(chains, engine(chains), strict=True):
        exact = wanted(chain)
        assert front is not None
        assert exact is not None
        np.testing.assert_array_equal(front.energy_j, exact.energy_j)
        assert engine.sets[chain[0].genome].values[:, 1].min() == exact.energy_j.min()


def test_limits_of_exits_and_clocks_bind_the_inner_engine() -> None:
    run, _ = searched(limits=InnerLimits(max_exits=1, points=(0, 3)))
    for found in run.sets.values():
        assert (np.bitwise_count(found.designs.mask) <= 1).all()
        assert set(found.designs.point.tolist()) <= {0, 3}


def test_the_strategy_returns_what_the_outer_search_returns() -> None:
    wanted = solver(levels=4)
    records, results = hadas_search(problem(wanted), 4, 1, 0, lambda _: None, solver=wanted)
    assert {result.chain[0].genome for result in results} <= {r.genome for r in records}
    assert any(result.front is not None for result in results)


def test_the_inner_engine_answers_alike_in_whatever_order_it_is_asked() -> None:
    wanted = solver(levels=4)
    one, two = (InnerEngine(wanted, "published", InnerBudget(30, 10), seed=1) for _ in range(2))
    chains = [(r,) for r in evaluated([(0, 0, 0), (2, 1, 0)])]
    one(chains)
    two(chains[::-1])
    for genome in one.sets:
        np.testing.assert_array_equal(one.sets[genome].values, two.sets[genome].values)
