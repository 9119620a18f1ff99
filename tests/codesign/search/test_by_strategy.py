"""Strategies that are asked and told search chains at the house engine's budget, reproducibly."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.by_strategy import strategy_search
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import Chain, ChainResult, chain_key
from codesign.search.outer_problem import GenerationSummary, OuterProblem
from runtime.contract.errors import ConfigError
from tests.codesign.search.records import pricing, solver
from tests.codesign.search.test_outer import TOPS, planted

CHOICES = (tuple(range(8)), (0, 1, 2), (0, 1, 2))
NAMES = ("random", "nsga2", "regularised-evolution", "local-search", "ofa-evolution", "mnasnet")


class Search:
    """A search that notes what was evaluated."""

    def __init__(self, *, limits: InnerLimits | None = None) -> None:
        self.solver = solver(limits, levels=4)
        self.evaluated: list[Genome] = []
        self.failing: set[Genome] = set()
        self.history: list[GenerationSummary] = []

    def evaluate(self, genomes: Sequence[Genome]) -> list[BackboneRecord]:
        self.evaluated.extend(genomes)
        return [planted(genome) for genome in genomes if genome not in self.failing]

    def solve(self, chains: Sequence[Chain]) -> list[InnerFront | None]:
        return [self.solver(chain) for chain in chains]

    def __call__(
        self, name: str, *, choices: tuple[tuple[int, ...], ...] = CHOICES, seed: int = 0, generations: int = 5
    ) -> tuple[list[BackboneRecord], list[ChainResult]]:
        at = self.solver.pricing.default
        problem = OuterProblem(
            choices,
            self.evaluate,
            self.solve,
            pricing(),
            accuracy_window=0.5,
            reference_energy_j=lambda largest: float(self.solver.static_energies_j(largest)[at]),
        )
        return strategy_search(problem, 8, generations, seed, self.history.append, name=name)


@pytest.mark.parametrize("name", NAMES)
def test_the_budget_is_kept_and_the_same_seed_searches_the_same(name: str) -> None:
    one, two = Search(), Search()
    records, results = one(name)
    assert len(records) == len(set(one.evaluated)) == len(one.evaluated) <= 8 * 5
    assert TOPS in one.evaluated
    assert [chain_key(r.chain) for r in results] == [chain_key(r.chain) for r in two(name)[1]]
    assert one.history == two.history
    volumes = [summary.hypervolume for summary in one.history]
    assert volumes == sorted(volumes)
    assert 0.0 < volumes[-1] < 1.0
    assert all(len(result.chain) <= 3 for result in results)


@pytest.mark.parametrize("name", NAMES)
def test_a_space_of_one_backbone_is_searched_and_ends(name: str) -> None:
    search = Search()
    records, results = search(name, choices=((7,), (2,), (2,)))
    assert [r.genome for r in records] == [TOPS]
    assert [chain_key(r.chain) for r in results] == [(TOPS,)]


def test_a_backbone_that_fails_is_told_as_failed_and_not_asked_for_again() -> None:
    search = Search()
    search.failing = {(a, 1, b) for a in range(8) for b in range(3)}
    records, _ = search("regularised-evolution")
    assert not search.failing & {r.genome for r in records}
    assert search.history[-1].failed == len(search.failing & set(search.evaluated)) > 0


def test_where_nothing_meets_the_limits_the_search_ends_without_a_front() -> None:
    search = Search(limits=InnerLimits(max_worst_latency_s=1e-9))
    results = search("local-search", generations=2)[1]
    assert not any(result.front for result in results)
    assert search.history[-1].hypervolume == 0.0


def test_a_strategy_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="no strategy 'magic'"):
        Search()("magic")
