from __future__ import annotations

import math
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from codesign.fleet.page import ago, rendered
from codesign.fleet.view import Fleet, look_at
from codesign.report.quantities import NBSP
from tests.codesign.collect.batches import DAY_US

from .board_days import BUNDLE, EXPECTED, FIRST_DAY_US, MODE, board_day, filled


def test_the_page_says_who_is_off_missing_and_alarmed(fleet: Fleet) -> None:
    page = rendered(fleet)
    for text in (
        "3 boards answered 2,000 images",
        "not keep what was promised",
        "1 has not been heard of",
        "1 drift alarm",
    ):
        assert text in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_drift_is_told_by_day_with_who_and_by_how_much_and_how_often_that_would_be_wrong(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    days = [
        board_day(f"dev{board}", "orin-nano", day, rng, cost=1.3 if day else 1.0) for day in (0, 1) for board in (0, 1)
    ]
    days.append(board_day("dev9", "tx2", 0, rng, cost=0.6))
    at = datetime.fromtimestamp((FIRST_DAY_US + 2 * DAY_US) / 1e6, tz=timezone.utc)
    with filled(tmp_path / "s", days) as store:
        unknown = rendered(look_at(store, at, 24.0))
        page = rendered(look_at(store, at, 24.0, {(BUNDLE, MODE): EXPECTED}))
    for text in (
        "2 boards together",
        "1 of 1: <code>dev9</code>",
        "+30\u202f%",
        "energy per image",
        "of such pages would show anything here",
        "boards together",
    ):
        assert text.replace("\u202f", NBSP) in page
    assert "could not be compared" not in page
    assert "Exits of 1 bundle could not be compared" in unknown


def test_a_set_in_which_nothing_can_be_compared_has_no_section_on_drift(fleet: Fleet) -> None:
    assert "<h2>Drift</h2>" not in rendered(fleet)


def test_what_devices_say_is_text_and_never_markup(fleet: Fleet) -> None:
    page = rendered(fleet)
    assert "&lt;b&gt;hot" in page
    assert "<b>hot" not in page


def test_times_are_said_as_people_do() -> None:
    assert [ago(hours) for hours in (-1.0, 0.5, 5.0, 100.0, math.inf)] == [
        "0 min ago",
        "30 min ago",
        "5 h ago",
        "4 days ago",
        "clock not set",
    ]
