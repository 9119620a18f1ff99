"""Simulated clocks and sensors beyond what every implementation must do."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.boards.simulated_hardware import AMBIENT_C, SimulatedPowerSensor, SimulatedThermometer
from runtime.contract.kind import Kind


def sensor(drawn_w: float, seed: int = 0) -> SimulatedPowerSensor:
    return SimulatedPowerSensor(lambda: drawn_w, "VDD_IN", 0.04, np.random.default_rng(seed))


def readings_w(source: SimulatedPowerSensor, count: int) -> list[float]:
    return [found.power_w for _ in range(count) if (found := source.read()) is not None]


def test_readings_scatter_around_what_is_drawn() -> None:
    watts = readings_w(sensor(6.5), 400)
    assert np.mean(watts) == pytest.approx(6.5, abs=0.01)
    assert len(set(watts)) > 1


def test_the_same_seed_reads_the_same() -> None:
    assert readings_w(sensor(6.5, seed=3), 50) == readings_w(sensor(6.5, seed=3), 50)
    assert readings_w(sensor(6.5, seed=3), 50) != readings_w(sensor(6.5, seed=4), 50)


def test_a_simulated_reading_says_so() -> None:
    found = sensor(6.5).read()
    assert found is not None
    assert (found.kind, found.method, found.scope) == (Kind.SIMULATED, "board model", "VDD_IN")


def test_a_rail_that_draws_next_to_nothing_reads_one_step() -> None:
    assert set(readings_w(sensor(0.0001, seed=1), 20)) <= {0.04, 0.08}


def test_a_board_that_draws_more_is_warmer() -> None:
    cool, warm = SimulatedThermometer(lambda: 5.0).read_c(), SimulatedThermometer(lambda: 15.0).read_c()
    assert cool is not None
    assert warm is not None
    assert AMBIENT_C < cool < warm
