"""The outer engine: deterministic, thrifty with evaluations, and it finds what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.foresight import Foresight
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from codesign.search.outer import Chain, ChainResult, GenerationSummary, OuterProblem, front_points, outer_search
from runtime.contract.arrays import FloatArray
from tests.codesign.search.records import pricing, record, solver

SIZES = (8, 3, 3)
TOPS, ZEROS = (7, 2, 2), (0, 0, 0)
PLANTED = 5  # the value of the first gene that makes a backbone good at no cost


def planted(genome: Genome) -> BackboneRecord:
    """Later genes buy a little accuracy with much work; the first buys much accuracy with no work, at one value."""
    size = 1.0 + sum(genome[1:])
    skill = 0.35 + 0.05 * sum(genome[1:]) + (0.6 if genome[0] == PLANTED else 0.0)
    return record(genome, size=size, skill=skill, candidates=2, seed=hash(genome) % 1000)


class Search:
    """A search that notes what was asked of it."""

    def __init__(self, *, limits: InnerLimits | None = None, disturb: bool = False) -> None:
        self.solver, self.disturb = solver(limits, levels=4), disturb
        self.evaluated: list[Genome] = []
        self.solved: list[Chain] = []
        self.history: list[GenerationSummary] = []
        self.evaluated_at: list[int] = []
        self.planted = planted
        self.foresight: Foresight | None = None

    def evaluate(self, genome: Genome) -> BackboneRecord:
        if self.disturb:
            np.random.seed(None)
        self.evaluated.append(genome)
        return self.planted(genome)

    def solve(self, chain: Chain) -> InnerFront | None:
        if self.disturb:
            np.random.random(13)
        self.solved.append(chain)
        return self.solver(chain)

    def on_generation(self, summary: GenerationSummary) -> None:
        self.history.append(summary)
        self.evaluated_at.append(len(self.evaluated))

    def __call__(
        self, *, sizes: tuple[int, ...] = SIZES, population: int = 8, generations: int = 5, seed: int = 0
    ) -> tuple[list[BackboneRecord], list[ChainResult]]:
        at = self.solver.pricing.default
        problem = OuterProblem(
            sizes,
            self.evaluate,
            self.solve,
            pricing(),
            accuracy_window=0.5,
            reference_energy_j=lambda largest: float(self.solver.static_energies_j(largest)[at]),
            foresight=self.foresight,
        )
        return outer_search(problem, population, generations, seed, self.on_generation)


def seeing(fewest: int = 6, *, disturb: bool = False) -> Search:
    """A search that knows beforehand how accurate a backbone will be."""

    def accuracies(evaluated: Sequence[BackboneRecord], genomes: Sequence[Genome]) -> FloatArray:
        assert len(evaluated) >= fewest
        assert not set(genomes) & {known.genome for known in evaluated}
        if disturb:
            np.random.seed(None)
        return np.asarray([planted(genome).accuracy for genome in genomes])

    search = Search()
    search.foresight = Foresight(lambda genome: planted(genome).static, accuracies, fewest)
    return search


def keys(results: list[ChainResult]) -> list[tuple[tuple[Genome, ...], bool]]:
    return [(tuple(r.genome for r in result.chain), result.front is not None) for result in results]


def test_the_same_seed_searches_the_same_and_another_seed_does_not() -> None:
    one, two, other = Search(), Search(), Search()
    results, again = one(seed=3)[1], two(seed=3)[1]
    assert keys(results) == keys(again)
    assert one.history == two.history
    assert keys(results) != keys(other(seed=4)[1])


def test_what_evaluating_draws_from_numpy_changes_nothing() -> None:
    quiet, disturbed = Search(), Search(disturb=True)
    assert keys(quiet()[1]) == keys(disturbed()[1])


def test_a_backbone_is_evaluated_once_however_many_chains_it_is_in() -> None:
    search = Search()
    records, results = search(generations=8)
    assert len(search.evaluated) == len(set(search.evaluated)) == len(records)
    in_chains = [r.genome for result in results for r in result.chain]
    assert len(in_chains) > len(records)
    assert {r.genome for r in records} >= set(in_chains)


def test_a_chain_is_solved_once_and_is_cheap_backbone_first_with_no_backbone_twice() -> None:
    search = Search()
    search(generations=8)
    solved = [tuple(r.genome for r in chain) for chain in search.solved]
    assert len(solved) == len(set(solved))
    for chain in search.solved:
        energies_j = [float(pricing().static(r).energy_j[0, 0]) for r in chain]
        assert energies_j == sorted(energies_j)
        assert len({r.genome for r in chain}) == len(chain) <= 2


@pytest.mark.parametrize("seed", range(4))
def test_the_first_population_holds_the_largest_and_the_smallest(seed: int) -> None:
    search = Search()
    results = search(generations=1, seed=seed)[1]
    chains = {tuple(r.genome for r in result.chain) for result in results}
    assert chains >= {(TOPS,), (ZEROS,), (ZEROS, TOPS)}


def test_only_the_better_half_of_a_generation_is_solved() -> None:
    search = Search()
    results = search(generations=1, population=8)[1]
    assert sum(result.front is not None for result in results) <= 4 < len(results)


@pytest.mark.parametrize("seed", range(3))
def test_the_hypervolume_never_falls_and_grows_beyond_the_first_generation(seed: int) -> None:
    search = Search()
    search(generations=6, seed=seed)
    volumes = [summary.hypervolume for summary in search.history]
    assert volumes == sorted(volumes)
    assert 0.0 < volumes[0] < volumes[-1] < 1.0
    assert [summary.generation for summary in search.history] == list(range(6))
    assert [summary.backbones for summary in search.history] == search.evaluated_at


@pytest.mark.parametrize("seed", range(3))
def test_the_planted_family_is_found_and_takes_over(seed: int) -> None:
    search = Search()
    results = search(population=12, generations=8, seed=seed)[1]
    fronts = [(result, front_points(result.front)) for result in results if result.front is not None]
    cheapest = min(
        ((float(energy_j), result) for result, points in fronts for error, energy_j in points if error <= 0.12),
        key=lambda found: found[0],
    )[1]
    assert any(r.genome[0] == PLANTED for r in cheapest.chain)
    holds = [any(r.genome[0] == PLANTED for r in chain) for chain in search.solved]
    assert np.mean(holds[len(holds) // 2 :]) > np.mean(holds[: len(holds) // 2])


def test_a_backbone_with_better_exits_wins_though_its_network_is_no_better() -> None:
    def exits_planted(genome: Genome) -> BackboneRecord:
        plain = record(genome, skill=0.6, candidates=3)
        log, early = plain.log, np.random.default_rng(5).random(plain.log.samples) < 0.9
        if genome[0] != PLANTED:  # early exits as sure as ever and mostly wrong
            predictions = np.stack([*np.where(early, (log.labels + 1) % 4, log.predictions[:2]), log.predictions[-1]])
            log = type(log)(log.entropy_nats, predictions, log.labels)
        return replace(plain, log=log)

    late = []
    for seed in range(4):
        search = Search()
        search.planted = exits_planted
        search(population=12, generations=10, seed=seed)
        holds = [any(r.genome[0] == PLANTED for r in chain) for chain in search.solved]
        late.append(np.mean(holds[-(len(holds) // 3) :]))
    assert np.mean(late) > 0.3  # by chance an eighth of single backbones, a quarter of pairs


def test_a_space_of_one_backbone_is_searched_and_ends() -> None:
    search = Search()
    records, results = search(sizes=(1, 1, 1), generations=5)
    assert [r.genome for r in records] == [(0, 0, 0)]
    assert keys(results) == [(((0, 0, 0),), True)]
    assert len(search.history) >= 1


def test_limits_that_nothing_meets_leave_no_front_and_no_volume() -> None:
    search = Search(limits=InnerLimits(max_worst_latency_s=1e-9))
    results = search(generations=2)[1]
    assert not any(result.front for result in results)
    assert [summary.hypervolume for summary in search.history] == [0.0, 0.0]
    assert [summary.chains for summary in search.history] == [0, 0]


def test_points_of_a_front_are_error_and_energy() -> None:
    front = solver()((record((0,)),))
    assert front is not None
    assert front_points(front).tolist() == [
        [1.0 - a, e] for a, e in zip(front.accuracy.tolist(), front.energy_j.tolist(), strict=True)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_with_perfect_foresight_the_same_chains_are_solved_and_fewer_backbones_evaluated(seed: int) -> None:
    blind, foreseeing = Search(), seeing()
    every, some = (search(generations=6, seed=seed)[1] for search in (blind, foreseeing))
    assert [chain.front is not None for chain in some].count(True) == len(foreseeing.solved)
    solved = [[tuple(r.genome for r in chain) for chain in search.solved] for search in (blind, foreseeing)]
    assert solved[0] == solved[1]
    assert [s.hypervolume for s in blind.history] == [s.hypervolume for s in foreseeing.history]
    assert len(foreseeing.evaluated) < len(blind.evaluated)
    assert {key for key, _ in keys(some)} <= {key for key, _ in keys(every)}


def test_with_foresight_only_what_is_solved_is_evaluated_but_for_the_first_generation() -> None:
    search = seeing(fewest=6)
    records = search(generations=5)[0]
    assert [known.genome for known in records] == search.evaluated
    in_solved = {r.genome for chain in search.solved for r in chain}
    first = search.evaluated_at[0]
    assert search.evaluated_at[-1] > first > 6
    assert set(search.evaluated[first:]) <= in_solved


def test_until_there_are_enough_to_learn_from_every_backbone_met_is_evaluated() -> None:
    blind, never = Search(), seeing(fewest=1000)
    assert keys(blind()[1]) == keys(never()[1])
    assert blind.evaluated == never.evaluated


def test_with_foresight_fronts_are_of_evaluated_backbones() -> None:
    search = seeing()
    results = search(generations=5)[1]
    assert {r.genome for result in results for r in result.chain} <= set(search.evaluated)


def test_what_learning_draws_from_numpy_changes_nothing() -> None:
    quiet, disturbed = seeing(), seeing(disturb=True)
    assert keys(quiet()[1]) == keys(disturbed()[1])


def test_foresight_that_is_wrong_costs_solutions_but_no_front_is_wrong() -> None:
    search = seeing()
    assert search.foresight is not None
    search.foresight = replace(search.foresight, accuracies=lambda _, genomes: np.ones(len(genomes)))
    results = search(generations=5)[1]
    for result in results:
        if result.front is not None:
            again = search.solver(tuple(planted(r.genome) for r in result.chain))
            assert again is not None
            np.testing.assert_array_equal(front_points(result.front), front_points(again))
