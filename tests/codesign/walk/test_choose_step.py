"""Finalists and modes: each mode keeps to what it asks, none is dearer than the one before, and stand-ins are named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from codesign.policy.replay import replay
from codesign.policy.requirement import Requirement
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign, by_energy, full_network, meeting, right_answers, static_by_energy
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.walk.choose_step import (
    DEFAULT_MODE,
    MODE_LOSSES,
    designs_for,
    most_accurate,
    pick_finalists,
    pick_modes,
    requirement,
    sequential_start,
)
from codesign.walk.record_file import FRONT_ARRAYS
from runtime.contract.arrays import BoolArray
from tests.codesign.search.records import record, solver

SOLVER = solver()


def archive(seed: int) -> list[BackboneRecord]:
    """Five backbones; more work buys more accuracy."""
    rng = np.random.default_rng(seed)
    return [
        record((number,), size=1.0 + number, skill=0.1 + 0.2 * number + 0.1 * rng.random(), seed=100 * seed + number)
        for number in range(5)
    ]


def results_of(records: list[BackboneRecord], asked: ChainSolver = SOLVER) -> list[ChainResult]:
    pairs = [(records[0], records[4]), (records[1], records[3])]
    with_exits = [ChainResult(chain, asked(chain)) for chain in [*((r,) for r in records), *pairs]]
    return [*with_exits, *(ChainResult((r,), asked.without_exits((r,))) for r in records)]


def pick(results: Sequence[ChainResult], wanted: Sequence[Requirement]) -> ChosenDesign | None:
    return next(meeting(results, SOLVER, wanted), None)


def right_of(chosen: ChosenDesign) -> BoolArray:
    log, mask = SOLVER.log(chosen.chain), chosen.design.mask
    return right_answers(replay(log, mask, chosen.policy), log.correct, mask)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("max_loss", [0.0, 0.02, 0.1])
def test_each_mode_keeps_to_its_loss_and_is_no_dearer_than_the_one_before(seed: int, max_loss: float) -> None:
    records = archive(seed)
    reference = full_network(records).log.correct[-1]
    modes = pick_modes(results_of(records), SOLVER, pick, reference, max_loss)
    assert modes.missed == ()
    assert modes.notes == ()
    assert [name for name, _ in modes.items()] == list(MODE_LOSSES) == ["accurate", DEFAULT_MODE, "frugal"]
    for name, chosen in modes.items():
        assert requirement(reference, max_loss, name).met_by(right_of(chosen))
    energies_j = [chosen.design.energy_j for _, chosen in modes.items()]
    assert energies_j == sorted(energies_j, reverse=True)
    assert right_of(modes.accurate).mean() >= reference.mean()


def test_a_lucky_design_that_balanced_refuses_is_not_taken_for_accurate() -> None:
    refused = 0
    for seed in range(6):
        records = archive(seed)
        reference, results = full_network(records).log.correct[-1], results_of(records)
        lenient = next(by_energy(results, SOLVER, requirement(reference, 0.01, "accurate")))
        refused += not requirement(reference, 0.01, DEFAULT_MODE).met_by(right_of(lenient))
        accurate = next(designs_for("accurate", results, SOLVER, reference, 0.01))
        assert requirement(reference, 0.01, DEFAULT_MODE).met_by(right_of(accurate))
    assert refused  # else this test would look at nothing


def test_where_nothing_is_accurate_enough_the_most_accurate_design_stands_in_and_is_named() -> None:
    records = archive(0)
    results = results_of(records)[:1]  # the smallest alone
    modes = pick_modes(results, SOLVER, pick, full_network(records).log.correct[-1], 0.01)
    assert modes.missed == ("accurate", "balanced", "frugal")
    assert modes.balanced == most_accurate(results, SOLVER)[0]
    assert modes.notes[1].startswith("Mode balanced: no design within the limits is as accurate as asked")


def test_the_most_accurate_design_is_the_cheapest_of_those() -> None:
    results = results_of(archive(1))
    (best,) = most_accurate(results, SOLVER)
    fronts = [result.front for result in results if result.front is not None]
    top = max(float(front.accuracy.max()) for front in fronts)
    assert best.design.accuracy == top
    assert best.design.energy_j == min(
        float(front.energy_j[front.accuracy == top].min(initial=np.inf)) for front in fronts
    )


def test_without_any_front_there_is_no_most_accurate_design() -> None:
    assert most_accurate([ChainResult((archive(0)[0],), None)], SOLVER) == ()


@pytest.mark.parametrize("count", [1, 4, 9])
def test_finalists_are_the_full_network_those_of_each_mode_and_up_to_the_count(count: int) -> None:
    records = archive(2)
    results = results_of(records)
    reference = full_network(records).log.correct[-1]
    finalists = pick_finalists(records, results, SOLVER, 0.05, count)
    assert len(set(finalists)) == len(finalists)
    certain = pick_finalists(records, results, SOLVER, 0.05, 1)
    assert finalists[0] == full_network(records).genome
    assert finalists[: len(certain)] == certain
    assert len(finalists) <= max(count + 1, len(certain))  # a chain adds two at once
    for mode in MODE_LOSSES:
        design = next(designs_for(mode, results, SOLVER, reference, 0.05))
        assert {r.genome for r in design.chain} <= set(finalists)


def test_more_finalists_are_those_of_the_next_cheapest_designs() -> None:
    records = archive(2)
    results = results_of(records)
    few, many = (pick_finalists(records, results, SOLVER, 0.2, count) for count in (1, 5))
    assert len(many) > len(few)


@pytest.mark.parametrize("seed", range(5))
def test_what_optimising_one_after_the_other_would_start_from_is_always_a_finalist(seed: int) -> None:
    records = archive(seed)
    reference = full_network(records).log.correct[-1]
    for max_loss in (0.0, 0.02, 0.2):
        (start,) = sequential_start(records, SOLVER, reference, max_loss)
        cheapest = static_by_energy(records, SOLVER, requirement(reference, max_loss, DEFAULT_MODE))[0]
        assert start == cheapest.genome
        assert start in pick_finalists(records, results_of(records), SOLVER, max_loss, 1)


def test_where_none_is_accurate_enough_there_is_nothing_to_start_from() -> None:
    records = archive(0)
    assert sequential_start(records[:1], SOLVER, full_network(records).log.correct[-1], 0.0) == ()


def test_a_chain_that_heads_of_its_own_may_make_accurate_enough_is_promoted_with_all_its_backbones() -> None:
    full, cheap = record((9,), size=6.0, skill=1.2), record((0,), size=1.0, skill=0.75, seed=3)
    front = SOLVER((cheap, full))
    assert front is not None
    short = front.accuracy < full.accuracy  # by a few of 80 samples
    rows = {name: getattr(front, name)[short] for name in FRONT_ARRAYS}
    near = ChainResult((cheap, full), InnerFront(**rows, points=front.points))
    results = [ChainResult((full,), SOLVER.without_exits((full,))), near]
    assert set(pick_finalists([full, cheap], results, SOLVER, 0.0, 1)) == {full.genome}
    assert set(pick_finalists([full, cheap], results, SOLVER, 0.0, 4)) == {full.genome, cheap.genome}


def test_where_no_design_within_the_limits_is_accurate_enough_the_best_of_them_is_a_finalist() -> None:
    records = archive(0)
    limit_s = 1.05 * float(SOLVER.pricing.static(records[0]).latency_s.min())
    asked = solver(InnerLimits(max_worst_latency_s=limit_s))
    results = results_of(records, asked)
    assert any(result.front for result in results)
    finalists = pick_finalists(records, results, asked, 0.01, 2)
    assert records[0].genome in finalists
    assert full_network(records).genome in finalists  # the full network, which the loss is counted against


def test_frugal_may_lose_three_times_as_much_and_accurate_nothing_without_a_margin() -> None:
    reference = np.ones(10, dtype=bool)
    losses = {mode: requirement(reference, 0.01, mode).max_loss for mode in MODE_LOSSES}
    assert losses == {"accurate": 0.0, "balanced": 0.01, "frugal": 0.03}
    assert [requirement(reference, 0.01, mode).standard_errors for mode in MODE_LOSSES] == [0.0, 2.0, 2.0]
