from __future__ import annotations

import math

from codesign.fleet.page import ago, rendered
from codesign.fleet.view import Fleet


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
