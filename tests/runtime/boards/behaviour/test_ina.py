"""Power sensor chips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.behaviour.ina import SHUNT_STEP_UV, Ina238Chip, Ina3221Chip
from runtime.boards.behaviour.layout import Channel, Ina238, Ina3221
from runtime.boards.simulated_time import SimulatedTime

PLACE = Ina3221("1-0040", (Channel("VDD_IN", 4.968, 5e-3), Channel(None, 5.0, 5e-3), Channel("VDD_SOC", 5.003, 10e-3)))


def chip(power_w: float = 5.0, time: SimulatedTime | None = None, waits: bool = True) -> Ina3221Chip:
    clock = SimulatedTime() if time is None else time
    return Ina3221Chip(PLACE, lambda rail: power_w if rail == "VDD_IN" else power_w / 2, clock.now_s, waits=waits)


def test_bus_voltage_comes_in_steps_of_8_mv() -> None:
    assert (chip().bus_mv(0), chip().bus_mv(2)) == (4968, 5000)


@given(power_w=st.floats(0.0, 60.0))
def test_current_comes_in_the_steps_of_the_shunt(power_w: float) -> None:
    sensor = chip(power_w)
    assert sensor.shunt_uv(0) % SHUNT_STEP_UV == 0
    assert sensor.current_ma(0) % 8 == 0
    assert sensor.current_ma(0) / 1000 * 4.968 == pytest.approx(power_w, abs=0.02)


def test_power_below_half_a_step_reads_zero() -> None:
    assert chip(0.01).current_ma(0) == 0


def test_an_open_channel_reads_no_current() -> None:
    assert chip().current_ma(1) == 0


def test_a_disabled_channel_has_no_data() -> None:
    sensor = chip()
    sensor.enable(0, "0")
    for read in (sensor.bus_mv, sensor.current_ma):
        with pytest.raises(OSError, match="No data available"):
            read(0)
    sensor.enable(0, "1")
    assert sensor.bus_mv(0) == 4968
    with pytest.raises(OSError, match="Invalid argument"):
        sensor.enable(0, "2")


def test_three_channels_take_6600_microseconds_and_fewer_take_less() -> None:
    sensor = chip()
    assert sensor.cycle_s == pytest.approx(6.6e-3)
    sensor.enable(1, "0")
    assert sensor.cycle_s == pytest.approx(4.4e-3)


def test_a_read_waits_for_a_conversion_that_nobody_has_read() -> None:
    time = SimulatedTime(1.0)
    sensor = chip(time=time)
    assert sensor.wait_s() == 0.0
    sensor.current_ma(0)
    waited_s = sensor.wait_s()
    assert 0.0 < waited_s <= sensor.cycle_s
    time.sleep(waited_s + 1e-9)
    assert sensor.wait_s() == 0.0
    sensor.current_ma(0)
    time.sleep(1.0)
    assert sensor.wait_s() == 0.0


def test_a_chip_that_never_makes_wait_may_be_had() -> None:
    sensor = chip(waits=False)
    sensor.current_ma(0)
    assert sensor.wait_s() == 0.0


def test_samples_and_interval_are_taken_as_far_as_the_chip_can() -> None:
    sensor = chip()
    sensor.take_samples("60")
    assert sensor.samples == 64
    sensor.take_samples("1")
    sensor.take_interval("50")
    assert sensor.conversion_us == 8244
    sensor.take_interval("1")
    assert sensor.conversion_us == 140
    sensor.reset()
    assert (sensor.samples, sensor.conversion_us, sensor.enabled) == (1, 1100, [True, True, True])


def test_thors_chip_multiplies_by_itself_in_fine_steps() -> None:
    sensor = Ina238Chip(Ina238("2-0044", "VIN", 19.0, 2e-3), lambda _: 33.3333)
    assert sensor.power_uw() == pytest.approx(33_333_300, abs=500)
    assert sensor.bus_mv() == pytest.approx(19_000, abs=3)
    assert sensor.current_ma() == pytest.approx(33_333.3 / 19, abs=2.5)
    sensor.reset()
    assert sensor.is_bound()
