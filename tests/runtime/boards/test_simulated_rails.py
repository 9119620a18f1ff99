"""Rails carry the parts of the model that feed them."""

from __future__ import annotations

import pytest

from runtime.boards.board_profile import Rails
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_rails import rails_of
from runtime.contract.work import Work


def test_a_rail_carries_its_share_of_each_part() -> None:
    feeds = {"IN": {"gpu": 1.0, "base": 1.0}, "GPU": {"gpu": 0.9}}
    rails = Rails(("IN", "GPU"), ("IN",), "module", 0.04, feeds, "test")
    assert rails_of({"gpu": 4.0, "base": 2.0}, rails) == {"IN": 6.0, "GPU": pytest.approx(3.6)}


def test_on_every_board_the_total_rails_sum_to_what_it_draws(board: SimulatedBoard) -> None:
    work = Work(3e8, 7e7, 64)
    for point in board.clocks.choices()[:: max(len(board.clocks.choices()) // 7, 1)]:
        for doing, drawn_w in ((work, board.busy_w([work], [point])[0, 0]), (None, board.idle_w([point])[0])):
            rails = board.rails_w_at(doing, point)
            assert tuple(rails) == board.profile.rails.names
            assert all(watts >= 0.0 for watts in rails.values())
            assert sum(rails[rail] for rail in board.profile.rails.total) == pytest.approx(drawn_w)
