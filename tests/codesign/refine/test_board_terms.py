"""codesign/refine/board_terms.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.refine.board_terms import PRIOR_SD, WORDS, Term, terms_of, with_factors
from runtime.boards.parameter import Basis
from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.errors import BoardError
from runtime.contract.work import Work
from tests.codesign.refine.fleet import BOARD, DEVICE, POINTS

WORK = [Work(5e7, 4e6, 10.0)]


def named(name: str) -> Term:
    return next(term for term in terms_of(BOARD, DEVICE) if term.name == name)


@pytest.mark.parametrize("board", known_boards())
def test_every_parameter_that_costs_anything_is_a_term_with_words(board: str) -> None:
    found = profile(board)
    for device in found.devices:
        names = {term.name for term in terms_of(found, device)}
        known = {p.name for p in (*found.latency[device], *found.active[device], *found.idle) if max(p.values) > 0}
        assert known - names <= {"gpu_voltage_exponent", "emc_idle_w"}
        assert names <= WORDS.keys()


def test_what_was_fitted_is_held_firmer_than_what_was_assumed() -> None:
    assert named("bytes_per_emc_cycle").prior_sd == PRIOR_SD[Basis.FITTED] < named("core_active_w").prior_sd


def test_a_factor_above_one_makes_every_term_of_time_or_power_no_cheaper() -> None:
    shipped = SimulatedBoard(BOARD, DEVICE)
    for term in terms_of(BOARD, DEVICE):
        if term.name.endswith("voltage_swing"):
            continue  # it is relative to the fastest clock: slower ones draw less
        dearer = SimulatedBoard(with_factors(BOARD, DEVICE, {term.name: 1.5}), DEVICE)
        slower = dearer.latency_s(WORK, POINTS) + dearer.stage_overhead_s(POINTS)
        thirstier = dearer.busy_w(WORK, POINTS) + dearer.idle_w(POINTS)
        if term.group == "latency":
            assert (slower >= shipped.latency_s(WORK, POINTS) + shipped.stage_overhead_s(POINTS)).all(), term.name
        else:
            assert (thirstier >= shipped.busy_w(WORK, POINTS) + shipped.idle_w(POINTS)).all(), term.name


def test_the_memory_clock_s_slope_turns_about_the_slowest_memory_clock() -> None:
    flat = with_factors(BOARD, DEVICE, {"emc_idle_w": 0.0})
    values = next(p.values for p in flat.idle if p.name == "emc_idle_w")
    assert set(values) == {next(p.values for p in BOARD.idle if p.name == "emc_idle_w")[0]}


def test_no_factors_change_nothing() -> None:
    assert with_factors(BOARD, DEVICE, {}) == BOARD


def test_a_share_stays_one_at_most() -> None:
    found = with_factors(BOARD, DEVICE, {"overlap_loss": 100.0})
    assert next(p.values for p in found.latency[DEVICE] if p.name == "overlap_loss") == (1.0,)


def test_a_device_that_is_not_there_has_no_terms() -> None:
    with pytest.raises(BoardError, match="no device"):
        terms_of(BOARD, "npu")


def test_terms_that_cost_nothing_are_left_out() -> None:
    cpu = {term.name for term in terms_of(BOARD, "cpu")}
    assert "cpu_cycles_per_kernel" not in cpu
    assert np.isfinite([term.prior_sd for term in terms_of(BOARD, "cpu")]).all()
