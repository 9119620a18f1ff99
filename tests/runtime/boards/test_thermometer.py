"""Conformance of thermometers, every implementation in turn."""

from __future__ import annotations

from runtime.boards.thermometer import Thermometer


def test_a_board_is_warmer_than_ice_and_cooler_than_its_shutdown(thermometer: Thermometer) -> None:
    celsius = thermometer.read_c()
    assert celsius is None or 0.0 < celsius < 105.0
