"""Axes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.report.scale import Scale, padded, tick_text


@given(st.floats(1e-4, 1e3), st.floats(1.01, 1e4), st.booleans(), st.integers(3, 9))
def test_ticks_lie_on_the_axis_in_order(low: float, ratio: float, logarithmic: bool, about: int) -> None:
    scale = Scale(low, low * ratio, 0.0, 100.0, logarithmic)
    ticks = scale.ticks(about)
    assert list(ticks) == sorted(set(ticks))
    assert all(-1e-6 <= scale(tick) <= 100.0 + 1e-6 for tick in ticks)
    assert len(ticks) <= max(3 * about, 12)


def test_the_ends_of_an_axis_are_the_ends_of_the_paper() -> None:
    for logarithmic in (False, True):
        scale = Scale(2.0, 50.0, 10.0, 90.0, logarithmic)
        assert [scale(2.0), scale(50.0)] == pytest.approx([10.0, 90.0])


def test_linear_ticks_are_round_and_about_as_many_as_asked() -> None:
    assert Scale(0.0, 144.0, 0, 1).ticks(7) == (0.0, 20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 140.0)


def test_logarithmic_ticks_thin_out_as_decades_grow() -> None:
    assert Scale(1.0, 100.0, 0, 1, logarithmic=True).ticks(9) == (1, 2, 5, 10, 20, 50, 100)
    assert Scale(1.0, 1e4, 0, 1, logarithmic=True).ticks(6) == (1, 10, 100, 1000, 10000)


def test_a_single_value_still_gets_an_axis() -> None:
    low, high = padded(3.0, 3.0, 0.1)
    assert low < 3.0 < high


def test_a_tick_shows_as_many_decimals_as_its_step() -> None:
    assert (tick_text(0.5, 0.05), tick_text(20.0, 20.0), tick_text(-0.5, 0.1)) == ("0.50", "20", "−0.5")
