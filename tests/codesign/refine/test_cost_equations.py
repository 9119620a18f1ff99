"""codesign/refine/cost_equations.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.refine.cost_equations import CostEquations, Pieces
from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.cost import stage_costs
from tests.codesign.refine.fleet import ALL_WORKS, BOARD, DEVICE, POINTS, STAGES, equations, true_board

EQUATIONS = equations()
NOTHING = np.zeros(EQUATIONS.size)


def every_prefix() -> Pieces:
    """Every stage's prefix at every point."""
    counts, entries = EQUATIONS.prefixes(STAGES)
    at = np.repeat(np.arange(len(POINTS)), len(STAGES))
    return Pieces(np.tile(counts, (len(POINTS), 1)), np.tile(entries, len(POINTS)), at)


def test_with_nothing_learnt_costs_are_those_of_the_one_accounting() -> None:
    costs = EQUATIONS.costs(every_prefix(), POINTS, NOTHING)
    shipped = SimulatedBoard(BOARD, DEVICE)
    told = stage_costs(shipped, STAGES, POINTS)
    assert np.exp(costs.ln_s) == pytest.approx(told.latency_s.cumsum(axis=0).T.ravel())
    assert np.exp(costs.ln_j) == pytest.approx(told.energy_j.cumsum(axis=0).T.ravel())
    assert np.exp(costs.ln_idle_w) == pytest.approx(np.repeat(told.idle_w, len(STAGES)))


def test_the_right_factors_give_the_true_board() -> None:
    learnt = NOTHING.copy()
    names = [term.name for term in EQUATIONS.terms]
    learnt[names.index("core_active_w")] = np.log(1.25)
    costs = EQUATIONS.costs(every_prefix(), POINTS, learnt)
    told = stage_costs(true_board({"core_active_w": 1.25}), STAGES, POINTS)
    assert np.exp(costs.ln_j) == pytest.approx(told.energy_j.cumsum(axis=0).T.ravel())


@pytest.mark.parametrize("number", range(EQUATIONS.size))
def test_derivatives_are_what_a_small_step_changes(number: int) -> None:
    learnt = 0.1 * np.random.default_rng(0).normal(size=EQUATIONS.size)
    here = EQUATIONS.costs(every_prefix(), POINTS, learnt)
    step = np.zeros(EQUATIONS.size)
    step[number] = 1e-5
    there, back = (EQUATIONS.costs(every_prefix(), POINTS, learnt + sign * step) for sign in (1.0, -1.0))
    for by, name in ((here.by_s, "ln_s"), (here.by_j, "ln_j"), (here.by_idle, "ln_idle_w")):
        moved = (getattr(there, name) - getattr(back, name)) / 2e-5
        assert by[:, number] == pytest.approx(moved, abs=2e-3)


def test_idle_power_is_a_share_of_the_power_at_work() -> None:
    costs = EQUATIONS.costs(every_prefix(), POINTS, NOTHING)
    assert ((costs.idle_share > 0.0) & (costs.idle_share < 1.0)).all()


def test_what_a_predictor_had_scaled_stays_scaled() -> None:
    scaled = CostEquations.of(BOARD, DEVICE, ALL_WORKS, dict.fromkeys(ALL_WORKS, (2.0, 1.0)))
    plain, twice = (each.costs(every_prefix(), POINTS, NOTHING) for each in (EQUATIONS, scaled))
    ratio = np.exp(twice.ln_s - plain.ln_s)
    assert ((ratio > 1.5) & (ratio < 2.0)).all()  # entering a stage costs what it did


@pytest.mark.parametrize("name", known_boards())
def test_every_device_of_every_board_can_be_learnt_about(name: str) -> None:
    board = profile(name)
    for device in board.devices:
        told = CostEquations.of(board, device, ALL_WORKS)
        counts, entries = told.prefixes(STAGES)
        points = (board.default_point(device), board.points(device)[0])
        costs = told.costs(Pieces(counts, entries, np.asarray([0, 1, 0])), points, np.zeros(told.size))
        assert np.isfinite(costs.by_s).all()
        assert np.isfinite(costs.by_j).all()
        assert np.isfinite(costs.by_idle).all()


def test_pieces_that_repeat_are_learnt_once() -> None:
    assert len(EQUATIONS.works) == len(set(ALL_WORKS))
