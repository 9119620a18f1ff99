"""Designs that keep to a requirement, cheapest first, and the backbones they really run."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.policy.expected_change import expected_change
from codesign.policy.replay import replay
from codesign.policy.requirement import Requirement
from codesign.policy.selection import selected_candidates
from codesign.search.choose import by_energy, full_network, right_answers, static_by_energy, without_unused
from codesign.search.ledger import ChainResult
from runtime.contract.cost import expected_costs
from tests.codesign.search.records import record, solver

SMALL, LARGE = record((0,), skill=0.5), record((1,), size=3.0, skill=1.0, seed=1)
SOLVER = solver()
ALONE = [ChainResult((r,), SOLVER((r,))) for r in (SMALL, LARGE)]
CHAIN = ChainResult((SMALL, LARGE), SOLVER((SMALL, LARGE)))
RESULTS = [*ALONE, CHAIN, ChainResult((LARGE,), None)]


def wanted(max_loss: float, errors: float = 0.0) -> Requirement:
    return Requirement(LARGE.log.correct[-1], max_loss, errors)


@pytest.mark.parametrize(("max_loss", "errors"), [(0.0, 0.0), (0.05, 1.0), (0.2, 1.0), (1.0, 0.0)])
def test_designs_come_cheapest_first_and_each_keeps_to_the_requirement(max_loss: float, errors: float) -> None:
    requirement = wanted(max_loss, errors)
    designs = list(by_energy(RESULTS, SOLVER, requirement))
    assert designs
    energies_j = [chosen.design.energy_j for chosen in designs]
    assert energies_j == sorted(energies_j)
    for chosen in designs:
        log = SOLVER.log(chosen.chain)
        played = replay(log, chosen.design.mask, chosen.policy)
        assert requirement.met_by(right_answers(played, log.correct, chosen.design.mask))
        assert played.accuracy == chosen.design.accuracy


def test_none_that_keeps_to_the_requirement_is_left_out() -> None:
    requirement = wanted(0.1, 1.0)
    meeting = 0
    for result in RESULTS:
        if result.front is None:
            continue
        log, thresholds = SOLVER.log(result.chain), SOLVER.thresholds(result.chain)
        for row in range(len(result.front)):
            design = result.front.design(row)
            kept = [c for c in range(log.candidates - 1) if design.mask >> c & 1]
            leaves = np.stack(
                [log.entropy_nats[c] <= thresholds[design.level, c] for c in kept] + [np.ones(log.samples, dtype=bool)]
            )
            stage = leaves.argmax(axis=0)
            right = log.correct[np.asarray([*kept, log.candidates - 1])[stage], np.arange(log.samples)]
            meeting += requirement.met_by(right)
    assert meeting == len(list(by_energy(RESULTS, SOLVER, requirement))) > 0


@pytest.mark.parametrize("allowed", [0.05, 0.1])
def test_designs_expected_to_lose_more_than_allowed_are_left_out_and_no_others(allowed: float) -> None:
    reference = LARGE.log.correct[-1]
    errors = 1.0
    counted = wanted(0.2, errors)
    both = Requirement(reference, 0.2, errors, max_expected_loss=allowed)
    kept = []
    for chosen in by_energy(RESULTS, SOLVER, counted):
        log = SOLVER.log(chosen.chain)
        stages = selected_candidates(chosen.design.mask, log.candidates)
        taken = stages[replay(log, chosen.design.mask, chosen.policy).exits_taken]
        change = expected_change(log.entropy_nats, log.correct, reference)
        harmed, gained = (chances.sum() for chances in change.at(taken))
        if harmed - max(gained - errors * np.sqrt(gained + 1.0), 0.0) <= allowed * log.samples:
            kept.append(chosen.design)
    assert [chosen.design for chosen in by_energy(RESULTS, SOLVER, both)] == kept
    assert 0 < len(kept) < len(list(by_energy(RESULTS, SOLVER, counted)))


def test_a_stricter_requirement_never_finds_a_cheaper_design() -> None:
    losses = [0.4, 0.2, 0.1, 0.05, 0.0]
    energies_j = [next(by_energy(RESULTS, SOLVER, wanted(loss))).design.energy_j for loss in losses]
    assert energies_j == sorted(energies_j)


def test_what_nothing_meets_yields_nothing() -> None:
    perfect = Requirement(np.ones(LARGE.log.samples, dtype=bool), 0.0)
    assert list(by_energy(ALONE[:1], SOLVER, perfect)) == []
    assert list(by_energy([RESULTS[-1]], SOLVER, wanted(1.0))) == []


def test_a_chosen_design_costs_what_its_front_says_though_unused_backbones_are_gone() -> None:
    found = list(by_energy([CHAIN], SOLVER, wanted(1.0)))
    assert {len(chosen.chain) for chosen in found} == {1, 2}
    for chosen in found:
        costs = SOLVER.pricing.exited(chosen.chain).stage_costs(chosen.design.mask)
        shares = replay(SOLVER.log(chosen.chain), chosen.design.mask, chosen.policy).exit_shares
        latency_s, energy_j = expected_costs(shares, costs)
        assert energy_j[chosen.design.point] == pytest.approx(chosen.design.energy_j, rel=1e-9)
        assert latency_s[chosen.design.point] == pytest.approx(chosen.design.latency_s, rel=1e-9)


@pytest.mark.parametrize(
    ("mask", "chain", "of_used"),
    [
        (0b00000, (LARGE,), 0b00),
        (0b11000, (LARGE,), 0b11),
        (0b00100, (SMALL, LARGE), 0b00100),
        (0b10001, (SMALL, LARGE), 0b10001),
    ],
)
def test_a_backbone_without_an_exit_is_not_run(mask: int, chain: tuple[object, ...], of_used: int) -> None:
    assert without_unused((SMALL, LARGE), mask) == (chain, of_used)


def test_one_in_the_middle_may_be_unused() -> None:
    middle = record((2,), size=2.0)
    assert without_unused((SMALL, middle, LARGE), 0b01_000_010) == ((SMALL, LARGE), 0b01_010)


def test_losses_are_counted_against_the_most_accurate_network_and_the_smaller_of_equals() -> None:
    twin = record((9,), size=9.0, skill=1.0, seed=1)
    assert full_network([SMALL, twin, LARGE]) is LARGE
    assert twin.accuracy == LARGE.accuracy > SMALL.accuracy


def test_static_networks_come_cheapest_first_and_only_those_that_keep_to_the_requirement() -> None:
    assert static_by_energy([LARGE, SMALL], SOLVER, wanted(1.0)) == [SMALL, LARGE]
    assert static_by_energy([LARGE, SMALL], SOLVER, wanted(0.0)) == [LARGE]
