"""Warming up and cooling down."""

from __future__ import annotations

import math

import pytest

from runtime.boards.behaviour.heat import Heat
from runtime.boards.simulated_dynamics import ThermalParameters

PARAMETERS = ThermalParameters(kelvin_per_w=2.0, time_constant_s=50.0, throttle_c=99.0, release_c=96.0, step_s=1.0)


def test_a_board_starts_at_ambient_temperature() -> None:
    assert Heat(PARAMETERS, 20.0).chip_c == 20.0


def test_after_one_time_constant_63_percent_of_the_way_is_gone() -> None:
    heat = Heat(PARAMETERS, 20.0)
    heat.pass_time(10.0, 50.0)
    assert heat.chip_c == pytest.approx(20.0 + 20.0 * (1 - math.exp(-1)))


def test_one_long_stretch_is_as_many_short_ones() -> None:
    whole, parts = Heat(PARAMETERS, 25.0), Heat(PARAMETERS, 25.0)
    whole.pass_time(7.0, 30.0)
    for _ in range(300):
        parts.pass_time(7.0, 0.1)
    assert parts.chip_c == pytest.approx(whole.chip_c)


def test_a_held_temperature_hides_the_true_one_until_it_is_let_go() -> None:
    heat = Heat(PARAMETERS, 25.0)
    heat.held_c = 105.0
    assert heat.chip_c == 105.0
    heat.held_c = None
    assert heat.chip_c == 25.0
