"""codesign/refine/refined_board.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.refine.refined_board import refined_board
from runtime.contract.kind import Kind
from runtime.contract.work import NO_WORK
from tests.codesign.refine.fleet import ALL_WORKS, POINTS, UNITS, Unit, joules, posterior, true_board

BOARD = refined_board(posterior(), "a board, refined", ("Refined: three units.",))


def test_its_numbers_are_predicted_and_say_what_they_stand_on() -> None:
    assert BOARD.kind is Kind.PREDICTED
    assert BOARD.hardware == "a board, refined"
    assert BOARD.assumptions()[0] == "Refined: three units."


def test_no_work_takes_no_time_and_draws_what_waiting_draws() -> None:
    assert (BOARD.latency_s([NO_WORK], POINTS) == 0.0).all()
    assert (BOARD.busy_w([NO_WORK], POINTS)[0] >= BOARD.idle_w(POINTS)).all()


def test_work_never_draws_less_than_waiting() -> None:
    assert (BOARD.busy_w(ALL_WORKS, POINTS) >= BOARD.idle_w(POINTS)).all()


def test_a_unit_s_own_board_is_nearer_to_it_than_the_common_one() -> None:
    for unit, own in UNITS.items():
        truth = joules(Unit(true_board(), *own), POINTS)
        off = [
            np.abs(joules(board, POINTS) / truth - 1.0).mean()
            for board in (BOARD, refined_board(posterior(), "", (), unit))
        ]
        assert off[1] < 0.01
        assert off[1] <= off[0] + 0.003


def test_a_unit_that_never_reported_has_no_board() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        refined_board(posterior(), "", (), "z")


def test_doubt_makes_clocks_slower_and_dearer_by_as_much() -> None:
    doubtful = replace(BOARD, doubt={POINTS[0]: (1.1, 1.2)})
    slower = doubtful.latency_s(ALL_WORKS[:1], POINTS[:2]) / BOARD.latency_s(ALL_WORKS[:1], POINTS[:2])
    dearer = slower * doubtful.busy_w(ALL_WORKS[:1], POINTS[:2]) / BOARD.busy_w(ALL_WORKS[:1], POINTS[:2])
    assert slower[0] == pytest.approx([1.1, 1.0])
    assert dearer[0] == pytest.approx([1.2, 1.0])
