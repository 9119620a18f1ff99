"""Models by name."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour import behavioural_board
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .orin_paths import ORIN


def test_a_board_may_be_asked_for_with_its_jetpack() -> None:
    assert behavioural_board(ORIN, jetpack="6").machine.layout.jetpack == "6.2.2"


def test_another_jetpack_is_refused() -> None:
    with pytest.raises(BoardError, match=r"has JetPack 6\.2\.2, not 4"):
        behavioural_board(ORIN, jetpack="4")


def test_a_device_that_the_board_lacks_is_refused() -> None:
    with pytest.raises(BoardError, match="no device 'dla'"):
        behavioural_board(ORIN, device="dla")


class TenWatts:
    total = ("VDD_IN",)

    def rails_w(self, point: OperatingPoint, work: Work | None) -> dict[str, float]:
        del point, work
        return {"VDD_IN": 10.0}


def test_another_physics_may_be_given() -> None:
    assert behavioural_board(ORIN, physics=TenWatts()).drawn_w() == {"VDD_IN": 10.0}
