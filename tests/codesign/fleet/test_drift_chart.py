from __future__ import annotations

from codesign.fleet.drift import Drifted, FleetDrift
from codesign.fleet.drift_chart import MOST_DAYS, drift_picture
from codesign.fleet.drift_sums import Group

DAYS = [Group("b" * 64, "balanced", "tx2", f"2026-10-{day:02d}") for day in (1, 2, 3)]
TOGETHER = Drifted(DAYS[1], "leaves at exit 0", 0.6, 0.5, True, (), 6)
ALONE = Drifted(DAYS[2], "energy per image", 1.0, 1.3, False, ("d1",), 6)


def test_each_day_has_a_square_that_says_who_has_drifted() -> None:
    picture = drift_picture(FleetDrift(0.01, 99, (ALONE, TOGETHER), tuple(DAYS), ()))
    assert picture is not None
    for drawing in (picture.wide, picture.narrow):
        assert [drawing.count(f'class="bar {css}"') for css in ("static", "chosen", "exits")] == [1, 1, 1]
        assert "as expected" in drawing
        assert "leaves at exit 0: 50.0% instead of 60.0%" in drawing
        assert "energy per image +30% against the promise" in drawing
        assert "2026-10-02 balanced · bbbbbbbbbb · tx2, boards together" in drawing


def test_without_drift_it_says_none_and_without_comparisons_there_is_no_picture() -> None:
    picture = drift_picture(FleetDrift(0.01, 99, (), tuple(DAYS), ()))
    assert picture is not None
    assert "Drift from 2026-10-01 to 2026-10-03: none" in picture.wide
    assert drift_picture(FleetDrift(0.01, 0, (), (), ())) is None


def test_many_days_are_cut_to_the_latest_and_a_day_without_a_board_is_left_empty() -> None:
    days = tuple(Group("b", "m", "tx2", f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}") for day in range(100))
    other = Group("b", "m", "orin", days[-1].date)
    picture = drift_picture(FleetDrift(0.01, 99, (), (*days, other), ()))
    assert picture is not None
    assert picture.wide.count('class="bar static"') == MOST_DAYS + 1
