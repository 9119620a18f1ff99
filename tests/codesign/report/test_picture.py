"""A chart is drawn for a wide and for a narrow page."""

from __future__ import annotations

from codesign.report.picture import NARROW, WIDE, drawn


def test_one_function_draws_both_at_their_own_width() -> None:
    picture = drawn(lambda width: f"{width:.0f} pixels")
    assert (picture.wide, picture.narrow) == (f"{WIDE:.0f} pixels", f"{NARROW:.0f} pixels")


def test_the_narrow_page_is_that_of_a_telephone() -> None:
    assert NARROW <= 360 < WIDE
