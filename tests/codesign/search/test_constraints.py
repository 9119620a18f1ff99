"""codesign/search/constraints.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.policy.replay import replay
from codesign.policy.selection import policy_of
from codesign.search.chain_solver import ChainSolver
from codesign.search.constraints import CONSTRAINTS, broken, figures, round_outward, stated
from codesign.search.inner import EnergyKind
from codesign.search.inner_grid import InnerLimits
from tests.codesign.search.chains import Case
from tests.codesign.search.limited import figures_one_by_one, footprint
from tests.codesign.search.records import record, solver

BY_LIMIT = {constraint.limit: constraint for constraint in CONSTRAINTS}


@pytest.mark.parametrize("energy", ["back_to_back", "served"])
def test_the_figures_of_a_design_are_those_of_its_images_one_by_one(energy: EnergyKind) -> None:
    taken = footprint(3, 3)
    chain = (replace(record((0,)), footprint=taken),)
    limits = InnerLimits(requests_per_s=5.0, batch=3, max_size_bytes=1e9)
    solved: ChainSolver = replace(solver(energy=energy), limits=limits)
    case = Case(
        tuple(r.works for r in chain),
        solved.pricing.exited(chain),
        solved.pricing.points,
        solved.log(chain),
        solved.thresholds(chain),
    )
    for level, mask, point in ((0, 0, 0), (3, 1, 5), (5, 3, 7), (7, 2, 2)):
        outcome = replay(case.log, mask, policy_of(mask, case.thresholds_nats[level]))
        found = figures(solved, chain, mask, outcome.exit_shares, point, outcome.accuracy)
        rate = 5.0 if energy == "served" else None
        assert found == pytest.approx(figures_one_by_one(case, level, mask, point, taken, 3, rate))


def test_what_takes_up_no_room_that_was_counted_has_no_figure_for_it() -> None:
    found = figures(solver(), (record((0,)),), 0, np.ones(1), 0, 0.5)
    assert "size_bytes" not in found
    assert "memory_bytes" not in found


def test_ceilings_and_floors_are_broken_on_their_own_side() -> None:
    limits = InnerLimits(max_energy_j=1.0, min_accuracy=0.9)
    assert [c.limit for c in stated(limits)] == ["min_accuracy", "max_energy_j"]
    assert broken(limits, {"accuracy": 0.9, "energy_j": 1.0 + 1e-12}) == ()
    assert broken(limits, {"accuracy": 0.89, "energy_j": 0.5}) == (BY_LIMIT["min_accuracy"],)
    assert broken(limits, {"accuracy": 0.95, "energy_j": 1.1}) == (BY_LIMIT["max_energy_j"],)


def test_a_limit_is_said_in_the_unit_of_its_option() -> None:
    assert BY_LIMIT["max_p99_latency_s"].asked(0.002) == "latency p99 ≤ 2 ms"
    assert BY_LIMIT["min_images_per_s"].asked(30.0) == "throughput ≥ 30 images/s"
    assert BY_LIMIT["max_memory_bytes"].advice(1_234_567.0) == "raise --max-memory-mb to 1.24 MB"
    assert BY_LIMIT["min_accuracy"].advice(0.91239) == "lower --min-accuracy to 0.912"


@pytest.mark.parametrize("value", [0.0, 1e-7, 0.00123456, 9.999, 1234.5])
def test_what_is_advised_can_be_reached(value: float) -> None:
    assert round_outward(value, up=False) <= value * (1 + 1e-12)
    assert round_outward(value, up=True) >= value * (1 - 1e-12)
    assert round_outward(value, up=True) == pytest.approx(value, rel=0.011)


def test_every_limit_has_a_constraint() -> None:
    others = {"max_exits", "requests_per_s", "batch", "points"}
    assert set(InnerLimits.__dataclass_fields__) == others | set(BY_LIMIT)
