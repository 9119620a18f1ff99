"""Many designs at once are what replaying each, sample by sample, says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.policy.exit_log import ExitLog
from codesign.policy.replay import Replay, oracle_replay, replay
from codesign.policy.selection import policy_of
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_works import BackboneWorks
from codesign.search.hadas import dynamics
from codesign.search.hadas.dynamics import MOST_EXITS, Designs, Dynamics, Outcomes
from codesign.search.hadas.reported import dynamics_of
from runtime.contract.cost import StageWork, expected_costs
from runtime.contract.errors import ConfigError
from runtime.contract.work import NO_WORK, Work
from tests.codesign.search.records import POINTS, SAMPLES, pricing, record, solver

BACKBONE = record((1, 2), candidates=5, skill=0.7)


def some_designs(count: int, *, levels: int) -> Designs:
    rng = np.random.default_rng(0)
    return Designs(
        rng.integers(16, size=count), rng.integers(len(POINTS), size=count), rng.integers(levels, size=count)
    )


def assert_replayed(found: Outcomes, at: int, outcome: Replay, mask: int, point: int) -> None:
    costs = pricing().exited((BACKBONE,)).stage_costs(mask)
    latency_s, energy_j = expected_costs(outcome.exit_shares, costs)
    assert found.accuracy[at] == outcome.accuracy
    np.testing.assert_allclose(found.energy_j[at], energy_j[point], rtol=1e-12)
    np.testing.assert_allclose(found.latency_s[at], latency_s[point], rtol=1e-12)


def test_the_real_rule_is_the_deployed_policy() -> None:
    wanted = solver()
    thresholds = wanted.thresholds((BACKBONE,))
    designs = some_designs(40, levels=len(thresholds))
    found = dynamics_of(BACKBONE, wanted).real(designs)
    for at in range(len(designs)):
        mask, level = int(designs.mask[at]), int(designs.level[at])
        outcome = replay(BACKBONE.log, mask, policy_of(mask, thresholds[level]))
        assert_replayed(found, at, outcome, mask, int(designs.point[at]))


def test_the_real_rule_is_the_same_with_and_without_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    designs = some_designs(40, levels=8)
    tabled = dynamics_of(BACKBONE, solver()).real(designs)
    monkeypatch.setattr(dynamics, "TABLED_EXITS", 2)
    found = dynamics_of(BACKBONE, solver()).real(designs)
    np.testing.assert_array_equal(found.accuracy, tabled.accuracy)
    np.testing.assert_allclose(found.energy_j, tabled.energy_j, rtol=1e-12)


def test_the_ideal_rule_is_the_oracle() -> None:
    designs = some_designs(40, levels=1)
    found = Dynamics(BACKBONE, pricing()).ideal(designs)
    for at in range(len(designs)):
        mask = int(designs.mask[at])
        assert_replayed(found, at, oracle_replay(BACKBONE.log, mask), mask, int(designs.point[at]))


def test_the_ideal_rule_is_at_least_as_accurate_as_the_real_one() -> None:
    dynamics = dynamics_of(BACKBONE, solver())
    designs = some_designs(60, levels=dynamics.levels)
    assert (dynamics.ideal(designs).accuracy >= dynamics.real(designs).accuracy).all()


def test_energies_of_masks_at_points_are_those_of_the_designs() -> None:
    dynamics = Dynamics(BACKBONE, pricing())
    masks, points = np.asarray([1, 6, 15]), np.asarray([0, 3, 7])
    table = dynamics.ideal_energies_j(masks, points)
    grid = Designs(np.repeat(masks, 3), np.tile(points, 3), np.zeros(9, dtype=np.int64))
    np.testing.assert_allclose(table.ravel(), dynamics.ideal(grid).energy_j, rtol=1e-12)


def test_mean_right_share_is_over_kept_exits_alone() -> None:
    dynamics = Dynamics(BACKBONE, pricing())
    shares = BACKBONE.log.correct.mean(axis=1)
    found = dynamics.mean_right_share(np.asarray([0b0001, 0b1010, 0]))
    np.testing.assert_allclose(found, [shares[0], (shares[1] + shares[3]) / 2, 0.0])


def test_the_static_network_costs_what_it_does_at_default_clocks() -> None:
    dynamics, board = Dynamics(BACKBONE, pricing()), pricing()
    latency_s, energy_j = board.full_depth([BACKBONE])
    assert (dynamics.static_latency_s, dynamics.static_energy_j) == (latency_s, energy_j)


def wide(exits: int) -> BackboneRecord:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, SAMPLES)
    log = ExitLog(rng.exponential(size=(exits + 1, SAMPLES)), rng.integers(0, 4, (exits + 1, SAMPLES)), labels)
    segment = (Work(1e6, 1e6, 1e4),)
    works = BackboneWorks((segment,) * (exits + 1), (*((Work(1e5, 1e5, 1e4),) * exits), NO_WORK))
    return replace(BACKBONE, works=works, static=StageWork(segment * (exits + 1)), log=log)


def test_it_takes_more_exits_than_the_exact_solver() -> None:
    deep = wide(40)
    mask = (1 << 39) | (1 << 17) | 1
    found = Dynamics(deep, pricing()).ideal(Designs(np.asarray([mask]), np.asarray([0]), np.asarray([0])))
    assert found.accuracy[0] == oracle_replay(deep.log, mask).accuracy


def test_more_exits_than_a_mask_has_bits_are_refused() -> None:
    with pytest.raises(ConfigError, match=f"{MOST_EXITS + 1} candidate exits"):
        Dynamics(wide(MOST_EXITS + 1), pricing())


def test_the_real_rule_needs_thresholds() -> None:
    with pytest.raises(ConfigError, match="needs thresholds"):
        Dynamics(BACKBONE, pricing()).real(some_designs(1, levels=1))
