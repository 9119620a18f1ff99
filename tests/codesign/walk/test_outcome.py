"""What a design does to a split: costs are those of the one accounting, for the exits that were taken."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.policy.replay import oracle_replay, replay
from codesign.policy.requirement import Requirement
from codesign.search.choose import ChosenDesign, by_energy
from codesign.search.ledger import ChainResult
from codesign.walk.outcome import best_static_point, design_outcome, static_outcome
from runtime.contract.cost import expected_costs, reach_shares, served_energy_j
from tests.codesign.search.records import POINTS, record, solver

SMALL, LARGE = record((0,), skill=0.5), record((1,), size=3.0, skill=1.0, seed=1)
SOLVER = solver()
PRICING = SOLVER.pricing
LOG = SOLVER.log((SMALL, LARGE))
RATE = 5.0


def designs() -> list[ChosenDesign]:
    result = ChainResult((SMALL, LARGE), SOLVER((SMALL, LARGE)))
    every = Requirement(LARGE.log.correct[-1], 1.0, 0.0)
    found = [chosen for chosen in by_energy([result], SOLVER, every) if len(chosen.chain) == 2]
    return found[:: max(1, len(found) // 12)]


@pytest.mark.parametrize("point", [None, 0, 7])
def test_costs_are_those_of_the_contract_on_the_shares_that_were_replayed(point: int | None) -> None:
    assert len(designs()) > 4
    for chosen in designs():
        played = replay(LOG, chosen.design.mask, chosen.policy)
        costs = PRICING.exited(chosen.chain).stage_costs(chosen.design.mask)
        at = chosen.design.point if point is None else point
        latency_s, energy_j = expected_costs(played.exit_shares, costs)
        served_j = served_energy_j(energy_j, latency_s, costs.idle_w, RATE)
        found = design_outcome(chosen, LOG, PRICING, RATE, point=point)
        assert (found.energy_j, found.latency_s) == (energy_j[at], latency_s[at])
        assert found.served_energy_j == (served_j[at] if np.isfinite(served_j[at]) else None)
        assert found.worst_latency_s == pytest.approx(costs.latency_s[:, at].sum())
        macs = PRICING.exited(chosen.chain).stage_macs(chosen.design.mask)
        assert found.macs == pytest.approx(float(reach_shares(played.exit_shares) @ macs))
        assert (found.accuracy, found.harm, found.point) == (played.accuracy, played.harm, at)


def test_at_its_own_clocks_a_design_costs_what_its_front_said() -> None:
    for chosen in designs():
        found = design_outcome(chosen, LOG, PRICING, RATE)
        assert found.energy_j == pytest.approx(chosen.design.energy_j, rel=1e-9)
        assert found.latency_s == pytest.approx(chosen.design.latency_s, rel=1e-9)
        assert found.worst_latency_s == pytest.approx(chosen.design.worst_latency_s, rel=1e-9)
        assert found.accuracy == chosen.design.accuracy


def test_the_oracle_is_at_least_as_accurate_and_says_what_it_is() -> None:
    for chosen in designs():
        found, bound = (design_outcome(chosen, LOG, PRICING, RATE, oracle=oracle) for oracle in (False, True))
        assert bound.accuracy == oracle_replay(LOG, chosen.design.mask).accuracy >= found.accuracy
        assert bound.harm == 0.0
        assert bound.replay is not None
        assert bound.replay.is_oracle
        assert found.replay is not None
        assert not found.replay.is_oracle


def test_a_rate_that_cannot_be_served_has_no_served_energy() -> None:
    chosen = designs()[0]
    latency_s = design_outcome(chosen, LOG, PRICING, RATE).latency_s
    assert design_outcome(chosen, LOG, PRICING, 0.99 / latency_s).served_energy_j is not None
    assert design_outcome(chosen, LOG, PRICING, 1.01 / latency_s).served_energy_j is None


@pytest.mark.parametrize("point", range(len(POINTS)))
def test_a_static_network_costs_its_one_stage(point: int) -> None:
    found, costs = static_outcome(LARGE, 0.75, PRICING, RATE, point), PRICING.static(LARGE)
    assert (found.energy_j, found.latency_s) == (costs.energy_j[0, point], costs.latency_s[0, point])
    assert found.worst_latency_s == found.latency_s
    assert (found.accuracy, found.macs, found.replay) == (0.75, LARGE.static.macs, None)


@pytest.mark.parametrize("energy", ["back_to_back", "served"])
@pytest.mark.parametrize("limit_s", [None, 0.045, 0.2])
@pytest.mark.parametrize("rate", [0.5, 20.0, 60.0])
def test_the_best_point_is_the_one_of_least_energy_that_keeps_to_the_limits(
    energy: str, limit_s: float | None, rate: float
) -> None:
    outcomes = [static_outcome(LARGE, 1.0, PRICING, rate, point) for point in range(len(POINTS))]
    allowed = [
        found
        for found in outcomes
        if found.served_energy_j is not None and (limit_s is None or found.latency_s <= limit_s)
    ]
    best = best_static_point(LARGE, PRICING, rate, limit_s, energy)
    if not allowed:
        assert best is None
        return
    key = "served_energy_j" if energy == "served" else "energy_j"
    least_j = min(getattr(found, key) for found in allowed)
    assert best in [found.point for found in allowed if getattr(found, key) == least_j]


def test_a_limit_that_no_clocks_keep_leaves_no_best_point() -> None:
    assert best_static_point(LARGE, PRICING, 0.5, 1e-9, "back_to_back") is None
    assert best_static_point(LARGE, PRICING, 1e9, None, "back_to_back") is None
