"""What a profile says about a board in time."""

from __future__ import annotations

from dataclasses import fields

import pytest

from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated_dynamics import SensorParameters, SwitchingParameters, ThermalParameters


@pytest.mark.parametrize("name", known_boards())
def test_every_profile_fills_them_and_releases_below_where_it_throttles(name: str) -> None:
    board = profile(name)
    thermal = ThermalParameters(**{found.name: found.values[0] for found in board.thermal})
    assert 25.0 < thermal.release_c < thermal.throttle_c
    assert {found.name for found in board.switching} == {field.name for field in fields(SwitchingParameters)}
    assert {found.name for found in board.sensor} == {field.name for field in fields(SensorParameters)}
