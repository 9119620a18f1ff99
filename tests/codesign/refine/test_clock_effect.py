"""codesign/refine/clock_effect.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.refine.clock_effect import Anchors, ClockPlane
from runtime.boards.profile import profile
from tests.codesign.refine.fleet import BOARD, POINTS

PLANE = ClockPlane.of(BOARD)
ANCHORS = Anchors.at(PLANE, POINTS[:3])


def test_the_slowest_clocks_lie_at_nought_and_the_fastest_at_one() -> None:
    points = BOARD.points("gpu")
    assert PLANE.places([points[0], points[-1]]) == pytest.approx(np.asarray([[0.0] * 3, [1.0] * 3]))


def test_a_clock_that_a_board_lacks_sets_nothing_apart() -> None:
    plain = profile("x86-cpu")
    places = ClockPlane.of(plain).places(plain.points("cpu"))
    assert np.isfinite(places).all()
    assert (places[:, 1] == 0.0).all()


def test_an_effect_at_a_served_point_is_known_there() -> None:
    features, left = ANCHORS.features(ANCHORS.points)
    assert features == pytest.approx(ANCHORS.root, abs=1e-4)
    assert left == pytest.approx(np.zeros(3), abs=1e-4)


def test_the_farther_from_served_clocks_the_less_is_known() -> None:
    far = BOARD.points("gpu")[0]
    _, left = ANCHORS.features([POINTS[0], POINTS[4], far])
    assert left[0] < left[1] < left[2] <= 1.0


def test_between_a_point_and_itself_nothing_is_unknown() -> None:
    apart = ANCHORS.apart(POINTS[4], [POINTS[4], BOARD.points("gpu")[0]])
    assert apart[0] == pytest.approx(0.0, abs=1e-6)
    assert apart[1] > 0.1
