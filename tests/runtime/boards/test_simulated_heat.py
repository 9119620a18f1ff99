"""Heating in closed form: where it starts, where it ends, and when it crosses a line."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runtime.boards.simulated_heat import seconds_until_above, seconds_until_below, temperature_after

celsius = st.floats(-20.0, 150.0)


def test_a_time_constant_closes_63_percent_of_the_gap() -> None:
    assert temperature_after(30.0, 80.0, 90.0, time_constant_s=90.0) == pytest.approx(80.0 - 50.0 / math.e)


@given(celsius, celsius, st.floats(0.0, 1e4), st.floats(0.0, 1e4))
def test_two_waits_are_one_long_wait(now_c: float, settled_c: float, one_s: float, two_s: float) -> None:
    halfway = temperature_after(now_c, settled_c, one_s, 90.0)
    together = temperature_after(now_c, settled_c, one_s + two_s, 90.0)
    assert temperature_after(halfway, settled_c, two_s, 90.0) == pytest.approx(together, abs=1e-9)


@given(celsius, celsius, celsius)
def test_at_the_moment_of_crossing_the_temperature_is_the_threshold(
    now_c: float, settled_c: float, threshold_c: float
) -> None:
    assume(min(abs(settled_c - threshold_c), abs(now_c - threshold_c)) > 1e-3)
    up_s = seconds_until_above(now_c, settled_c, threshold_c, 90.0)
    if 0.0 < up_s < math.inf:
        assert temperature_after(now_c, settled_c, up_s, 90.0) == pytest.approx(threshold_c, abs=1e-6)
    elif up_s == 0.0:
        assert now_c >= threshold_c
    else:
        assert max(now_c, settled_c) <= threshold_c


def test_cooling_down_mirrors_warming_up() -> None:
    assert seconds_until_below(90.0, 20.0, 60.0, 50.0) == seconds_until_above(-90.0, -20.0, -60.0, 50.0)
    assert seconds_until_below(50.0, 20.0, 60.0, 50.0) == 0.0
    assert seconds_until_below(90.0, 70.0, 60.0, 50.0) == math.inf
