"""Watts by rail."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour.physics import BoardModelPhysics
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.operating_point import OperatingPoint

from .orin_paths import ORIN, WORK


@pytest.fixture
def board() -> SimulatedBoard:
    return SimulatedBoard(profile(ORIN))


def test_the_total_rails_add_up_to_the_boards_draw(board: SimulatedBoard) -> None:
    physics, point = BoardModelPhysics(board), board.profile.max_point("gpu")
    for work, expected_w in ((None, board.idle_w([point])[0]), (WORK, board.busy_w([WORK], [point])[0, 0])):
        rails_w = physics.rails_w(point, work)
        assert sum(rails_w[rail] for rail in physics.total) == pytest.approx(expected_w)


def test_every_rail_of_the_profile_draws_something(board: SimulatedBoard) -> None:
    rails_w = BoardModelPhysics(board).rails_w(board.profile.max_point("gpu"), WORK)
    assert set(rails_w) == set(board.profile.rails.names)
    assert all(watts > 0.0 for watts in rails_w.values())


def test_a_gpu_that_is_off_draws_less_and_does_no_work(board: SimulatedBoard) -> None:
    physics, point = BoardModelPhysics(board), board.profile.max_point("gpu")
    off = OperatingPoint(point.cpu_hz, 0, point.emc_hz)
    assert physics.rails_w(off, None)["VDD_IN"] < physics.rails_w(point, None)["VDD_IN"]
    assert physics.rails_w(off, WORK) == physics.rails_w(off, None)
