"""The outer engine: deterministic, thrifty with evaluations, and it finds what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.search import outer
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.foresight import Foresight
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import Chain, ChainResult
from codesign.search.outer import better_half, outer_search, static_fitness
from codesign.search.outer_problem import GenerationSummary, OuterProblem, front_points
from codesign.search.pareto import nondominated_2d
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageWork
from runtime.contract.errors import EngineError, InfeasibleError
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
        self.failing: set[Genome] = set()
        self.prune = False
        self.choices: tuple[tuple[int, ...], ...] = ()

    def evaluate(self, genomes: Sequence[Genome]) -> list[BackboneRecord]:
        if self.disturb:
            np.random.seed(None)
        self.evaluated.extend(genomes)
        done = [self.planted(genome) for genome in genomes if genome not in self.failing]
        return done[::-1] if self.disturb else done

    def solve(self, chains: Sequence[Chain]) -> list[InnerFront | None]:
        if self.disturb:
            np.random.random(13)
        self.solved.extend(chains)
        return [self.solver(chain) for chain in chains]

    def on_generation(self, summary: GenerationSummary) -> None:
        self.history.append(summary)
        self.evaluated_at.append(len(self.evaluated))

    def __call__(
        self, *, sizes: tuple[int, ...] = SIZES, population: int = 8, generations: int = 5, seed: int = 0
    ) -> tuple[list[BackboneRecord], list[ChainResult]]:
        at = self.solver.pricing.default
        problem = OuterProblem(
            self.choices or tuple(tuple(range(size)) for size in sizes),
            self.evaluate,
            self.solve,
            pricing(),
            accuracy_window=0.5,
            reference_energy_j=lambda largest: float(self.solver.static_energies_j(largest)[at]),
            foresight=self.foresight,
            adds_nothing=self.solver.adds_nothing if self.prune else None,
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
        assert len({r.genome for r in chain}) == len(chain) <= 3
    assert {len(chain) for chain in search.solved} == {1, 2, 3}


@pytest.mark.parametrize("seed", range(4))
def test_the_first_population_holds_the_largest_and_the_smallest(seed: int) -> None:
    search = Search()
    results = search(generations=1, seed=seed)[1]
    chains = {tuple(r.genome for r in result.chain) for result in results}
    assert chains >= {(TOPS,), (ZEROS,), (ZEROS, TOPS)}


@pytest.fixture
def not_recombined(monkeypatch: pytest.MonkeyPatch) -> None:
    """The genetic algorithm alone."""
    monkeypatch.setattr(outer, "recombined", lambda *_: [])


@pytest.mark.usefixtures("not_recombined")
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
    assert np.mean(holds[len(holds) // 2 :]) > 0.4  # by chance less than a quarter


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
    assert np.mean(late) > 0.3  # by chance an eighth of single backbones, a quarter of pairs, a third of threes


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


@pytest.mark.usefixtures("not_recombined")
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


@pytest.mark.usefixtures("not_recombined")
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


def test_a_backbone_of_which_nothing_can_be_foreseen_is_evaluated_and_fails_there() -> None:
    search = seeing(fewest=6)
    foresight, unknowable = search.foresight, {(a, 1, b) for a in range(8) for b in range(3)}
    assert foresight is not None
    count_work = foresight.static

    def static(genome: Genome) -> StageWork:
        if genome in unknowable:
            raise EngineError("no graph of it can be made")
        return count_work(genome)

    search.foresight, search.failing = replace(foresight, static=static), unknowable
    records, _ = search(population=12, generations=4)
    assert search.history[-1].failed == len(unknowable & set(search.evaluated)) > 0
    assert not unknowable & {r.genome for r in records}


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


def in_window(results: list[ChainResult], window: float = 0.5) -> FloatArray:
    """The front over error and energy of everything, as far as it is judged."""
    points = np.concatenate([front_points(result.front) for result in results if result.front is not None])
    points = points[points[:, 0] < 1.0 - planted(TOPS).accuracy + window]
    kept: FloatArray = points[nondominated_2d(points[:, 0], points[:, 1])]
    return kept


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000), st.integers(4, 12), st.booleans())
def test_a_search_that_prunes_returns_the_front_of_one_that_does_not(seed: int, population: int, kind: bool) -> None:
    every, some = Search(), Search()
    some.prune = True
    if kind:
        every.solver = some.solver = solver(InnerLimits(requests_per_s=1.0), levels=4, energy="served")
    whole, pruned = (search(population=population, generations=3, seed=seed) for search in (every, some))
    assert [r.genome for r in whole[0]] == [r.genome for r in pruned[0]]
    assert [key for key, _ in keys(whole[1])] == [key for key, _ in keys(pruned[1])]
    np.testing.assert_array_equal(in_window(whole[1]), in_window(pruned[1]))
    assert [s.hypervolume for s in every.history] == [s.hypervolume for s in some.history]
    assert len(every.solved) == len(some.solved) + some.history[-1].skipped


def test_pruning_spares_solutions() -> None:
    searches = [Search() for _ in range(3)]
    for seed, search in enumerate(searches):
        search.prune = True
        search(population=12, generations=6, seed=seed)
    assert sum(search.history[-1].skipped for search in searches) >= 10


@pytest.mark.parametrize("failing", [ZEROS, (PLANTED, 0, 0), (7, 2, 1)])
def test_a_backbone_that_fails_is_left_out_and_the_rest_is_searched(failing: Genome) -> None:
    search = Search()
    search.failing = {failing}
    records, results = search(population=12, generations=6)
    assert failing not in {r.genome for r in records}
    assert not any(failing in key for key, _ in keys(results))
    assert search.evaluated.count(failing) <= 1
    assert search.history[-1].failed == search.evaluated.count(failing)
    assert len(search.history) == 6


def test_where_everything_but_the_largest_fails_the_largest_is_what_is_found() -> None:
    search = Search()
    search.failing = {(a, b, c) for a in range(8) for b in range(3) for c in range(3)} - {TOPS}
    records, results = search()
    assert [r.genome for r in records] == [TOPS]
    assert [key for key, _ in keys(results)] == [(TOPS,)]


def test_without_the_largest_nothing_can_be_judged() -> None:
    search = Search()
    search.failing = {TOPS}
    with pytest.raises(InfeasibleError, match=r"the largest backbone of the space could not be evaluated"):
        search()


def test_only_values_that_may_be_chosen_are_searched() -> None:
    search = Search()
    search.choices = ((1, PLANTED), (0, 2), (1,))
    records, results = search(population=12, generations=4)
    assert {r.genome for r in records} == {(a, b, 1) for a in (1, PLANTED) for b in (0, 2)}
    assert results


def test_s_is_of_the_networks_as_they_stand_and_the_better_half_of_it_is_kept() -> None:
    prices, cheap, dear = pricing(), record((0,), size=1.0), record((1,), size=4.0)
    both, first, last = (static_fitness(chain, prices) for chain in ((cheap, dear), (cheap,), (dear,)))
    assert both[0] == last[0]
    assert both[1:] == pytest.approx([a + b for a, b in zip(first[1:], last[1:], strict=True)])
    assert better_half(np.asarray([[0.1, 1.0, 1.0], [0.2, 2.0, 2.0], [0.3, 3.0, 3.0]])) == [0, 1]
    assert better_half(np.zeros((0, 3))) == []


def test_chains_of_evaluated_backbones_are_solved_beyond_those_that_were_bred() -> None:
    bred, search = Search(), Search()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outer, "recombined", lambda *_: [])
        bred(population=12, generations=4)
    search(population=12, generations=4)
    assert search.history[-1].hypervolume >= bred.history[-1].hypervolume
    assert len(search.solved) > len(bred.solved)
    assert {r.genome for chain in search.solved for r in chain} <= set(search.evaluated)


@pytest.mark.parametrize("seed", range(3))
def test_no_more_backbones_are_evaluated_than_population_times_generations(seed: int) -> None:
    search = Search()
    search(population=10, generations=3, seed=seed)
    assert len(search.evaluated) <= 30
    assert search.history[-1].backbones == len(search.evaluated)
