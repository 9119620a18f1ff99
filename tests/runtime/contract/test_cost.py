from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.cost import (
    StageWork,
    active_energy_j,
    block_costs,
    expected_costs,
    overhead_costs,
    reach_shares,
    served_energy_j,
    stage_costs,
)
from runtime.contract.errors import ShapeError
from runtime.contract.work import Work

from .board_models import FAST, SLOW, LinearBoard

BOARD = LinearBoard()
SHARES = st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6).map(lambda raw: np.asarray(raw) / sum(raw))


def test_a_block_costs_its_busy_power_times_its_latency() -> None:
    latency_s, energy_j = block_costs(BOARD, [Work(macs=3), Work(macs=1)], [SLOW, FAST])
    np.testing.assert_allclose(latency_s, [[6, 3], [2, 1]])
    np.testing.assert_allclose(energy_j, [[30, 30], [10, 10]])


def test_no_blocks_cost_nothing_at_every_point() -> None:
    latency_s, energy_j = block_costs(BOARD, [], [SLOW, FAST])
    assert latency_s.shape == energy_j.shape == (0, 2)


def test_entering_a_stage_costs_its_overhead() -> None:
    latency_s, energy_j = overhead_costs(BOARD, [SLOW, FAST])
    assert latency_s.tolist() == [2, 2]
    assert energy_j.tolist() == [10, 10]


def test_a_stage_costs_its_blocks_its_head_and_one_overhead() -> None:
    costs = stage_costs(BOARD, [StageWork((Work(macs=3), Work(macs=1)), head=Work(macs=2))], [FAST])
    assert costs.latency_s.tolist() == [[3 + 1 + 2 + 2]]
    assert costs.energy_j.tolist() == [[30 + 10 + 20 + 10]]
    assert costs.idle_w.tolist() == [4]


@given(st.lists(st.floats(0, 100), min_size=2, max_size=8), st.integers(1, 7))
def test_cutting_a_network_adds_one_overhead_and_changes_nothing_else(macs: list[float], cut: int) -> None:
    blocks = tuple(Work(macs=m) for m in macs)
    whole = stage_costs(BOARD, [StageWork(blocks)], [SLOW, FAST])
    parts = stage_costs(BOARD, [StageWork(blocks[:cut]), StageWork(blocks[cut:])], [SLOW, FAST])
    overhead_s, overhead_j = overhead_costs(BOARD, [SLOW, FAST])
    np.testing.assert_allclose(parts.latency_s.sum(axis=0), whole.latency_s[0] + overhead_s)
    np.testing.assert_allclose(parts.energy_j.sum(axis=0), whole.energy_j[0] + overhead_j)


def test_the_macs_of_a_stage_include_its_head() -> None:
    assert StageWork((Work(macs=3), Work(macs=1)), head=Work(macs=2)).macs == 6


def test_a_stage_is_reached_by_all_that_did_not_leave_before() -> None:
    np.testing.assert_allclose(reach_shares(np.array([0.5, 0.3, 0.2])), [1.0, 0.5, 0.2])


@given(SHARES)
def test_reach_starts_at_one_and_never_rises(shares: np.ndarray) -> None:
    reach = reach_shares(shares)
    assert reach[0] == 1.0
    assert (np.diff(reach) <= 0).all()
    assert reach[-1] == pytest.approx(shares[-1])


@pytest.mark.parametrize("shares", [np.array([0.5, 0.4]), np.array([0.5, 0.6]), np.array([[1.0]])])
def test_shares_that_do_not_add_up_to_one_are_refused(shares: np.ndarray) -> None:
    with pytest.raises(ShapeError, match=r"exit shares must be \(stages,\) and sum to 1"):
        reach_shares(shares)


def test_the_expected_cost_weighs_each_stage_by_how_often_it_runs() -> None:
    costs = stage_costs(BOARD, [StageWork((Work(macs=1),)), StageWork((Work(macs=8),))], [FAST])
    latency_s, energy_j = expected_costs(np.array([0.75, 0.25]), costs)
    np.testing.assert_allclose(latency_s, [3 + 0.25 * 10])
    np.testing.assert_allclose(energy_j, [20 + 0.25 * 90])


def test_active_energy_leaves_out_what_idling_would_have_drawn() -> None:
    assert active_energy_j(np.array([10.0]), np.array([0.5]), np.array([4.0])).tolist() == [8.0]


def test_served_energy_adds_the_idle_power_of_a_whole_request_period() -> None:
    # Per second: two requests of 0.1 s at 100 W, and 0.8 s of idling at 4 W, shared by two requests.
    served = served_energy_j(np.array([10.0]), np.array([0.1]), np.array([4.0]), requests_per_s=2.0)
    np.testing.assert_allclose(served, [(2 * 10.0 + 0.8 * 4.0) / 2])


@pytest.mark.parametrize(("requests_per_s", "served"), [(9.9, True), (10.0, False), (11.0, False)])
def test_a_rate_beyond_what_the_latency_allows_has_no_served_energy(requests_per_s: float, served: bool) -> None:
    energy_j = served_energy_j(np.array([1.0]), np.array([0.1]), np.array([4.0]), requests_per_s)
    assert bool(np.isfinite(energy_j[0])) is served
