"""Conformance of power sensors, every implementation in turn; and what a reading may hold."""

from __future__ import annotations

import math

import pytest

from runtime.boards.power_sensor import PowerReading, PowerSensor
from runtime.contract.errors import UnitError
from runtime.contract.kind import Kind


def reading(power_w: float = 5.0, quantum_w: float = 0.04) -> PowerReading:
    return PowerReading(power_w, "VDD_IN", "INA3221", quantum_w, Kind.MEASURED)


def test_a_reading_names_its_rail_and_its_method(power_sensor: PowerSensor) -> None:
    found = power_sensor.read()
    assert found is not None
    assert found.scope
    assert found.method


def test_a_reading_is_a_multiple_of_its_step(power_sensor: PowerSensor) -> None:
    for _ in range(20):
        found = power_sensor.read()
        assert found is not None
        steps = found.power_w / found.quantum_w
        assert steps == pytest.approx(round(steps), abs=1e-6)


@pytest.mark.parametrize("power_w", [-1e-9, -1.0, math.nan, math.inf])
def test_what_could_not_be_read_cannot_pass_as_a_reading(power_w: float) -> None:
    with pytest.raises(UnitError, match=r"finite power of at least 0(.|\n)*to do: return None where nothing"):
        reading(power_w=power_w)


def test_a_rail_may_truly_read_zero() -> None:
    assert reading(power_w=0.0).power_w == 0.0


@pytest.mark.parametrize("quantum_w", [0.0, math.nan])
def test_a_reading_needs_the_step_it_was_taken_in(quantum_w: float) -> None:
    with pytest.raises(UnitError, match="step between readings must be above 0 W"):
        reading(quantum_w=quantum_w)
