"""Windows over a sampled sensor: they nest, their edges are covered, and they agree with the truth."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from runtime.boards.behaviour import behavioural_board
from runtime.boards.power_sensor import PowerSensor
from runtime.boards.profile import profile
from runtime.boards.sensors import find_sensors
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_time import SimulatedTime
from runtime.contract.kind import Kind
from runtime.contract.work import Work
from runtime.energy.meter import SampledMeter
from tests.runtime.energy.drawn_power import DrawnPower
from tests.runtime.energy.test_sampler import Steady

WORK = Work(macs=3e8, traffic_bytes=4e7, kernels=100)


def passing(meter: SampledMeter, time_: SimulatedTime, seconds: float, period_s: float = 0.01) -> None:
    """Let time pass, and the meter sample as it would."""
    for _ in range(round(seconds / period_s)):
        time_.sleep(period_s)
        meter.sampler.tick()


def metered(power_w: Callable[[float], float], **kinds: float) -> tuple[SampledMeter, SimulatedTime]:
    time_ = SimulatedTime(100.0)
    sensor = DrawnPower(power_w, time_, **kinds)  # type: ignore[arg-type]
    return SampledMeter(sensor, now_s=time_.now_s), time_


def test_a_window_holds_what_was_drawn_in_it() -> None:
    meter, time_ = metered(lambda _: 5.0)
    passing(meter, time_, 1.0)
    with meter.window() as window:
        passing(meter, time_, 2.0)
    passing(meter, time_, 1.0)
    energy = window.energy()
    assert energy is not None
    assert energy.energy_j == pytest.approx(10.0)
    assert energy.span_s == pytest.approx(2.0)
    assert energy.kind is Kind.SIMULATED


def test_an_open_window_has_no_joules_yet() -> None:
    meter, time_ = metered(lambda _: 5.0)
    with meter.window() as window:
        passing(meter, time_, 1.0)
        assert window.energy() is None
    assert window.energy() is not None


def test_windows_nest_and_overlap() -> None:
    meter, time_ = metered(lambda at_s: 5.0 if at_s < 101.0 else 10.0)
    with meter.window() as outer:
        passing(meter, time_, 1.0)
        first, second = meter.window(), meter.window()
        early = first.__enter__()
        passing(meter, time_, 1.0)
        late = second.__enter__()
        passing(meter, time_, 1.0)
        first.__exit__(None, None, None)
        passing(meter, time_, 1.0)
        second.__exit__(None, None, None)
    joules = [None if (energy := window.energy()) is None else energy.energy_j for window in (outer, early, late)]
    assert joules == pytest.approx([35.0, 20.0, 20.0], rel=0.01)


def test_joules_stay_what_they_were_once_they_are_known() -> None:
    meter, time_ = metered(lambda _: 5.0)
    with meter.window() as window:
        passing(meter, time_, 1.0)
    assert window.energy() is window.energy()


def test_a_window_is_closed_by_an_error_too() -> None:
    meter, time_ = metered(lambda _: 5.0)
    with suppress(RuntimeError), meter.window() as window:
        passing(meter, time_, 1.0)
        raise RuntimeError("inference died")
    assert window.energy() is not None


def test_a_window_longer_than_the_memory_is_none() -> None:
    time_ = SimulatedTime()
    meter = SampledMeter(DrawnPower(lambda _: 5.0, time_), now_s=time_.now_s, keep_s=1.0)
    with meter.window() as window:
        passing(meter, time_, 2.0)
    assert window.energy() is None


def test_a_window_that_nobody_sampled_is_none() -> None:
    meter, time_ = metered(lambda _: 5.0)
    with meter.window() as window:
        time_.sleep(1.0)
    assert window.energy() is None


def test_a_sensor_slower_than_the_rate_is_metered_at_its_own_pace() -> None:
    meter, _ = metered(lambda _: 5.0, read_s=0.08)
    with meter.window() as window:
        for _ in range(20):
            meter.sampler.tick()
    energy = window.energy()
    assert energy is not None
    assert energy.energy_j == pytest.approx(5.0 * energy.span_s)


def test_a_window_shorter_than_a_period_is_none() -> None:
    with SampledMeter(Steady(), 20.0) as meter:
        with meter.window() as window:
            pass
        assert window.energy() is None


def test_a_rail_that_disappears_in_a_window_leaves_no_joules_and_a_warning() -> None:
    time_ = SimulatedTime()
    tree = behavioural_board("orin-nano-super", time=time_)
    power = find_sensors(tree, profile("orin-nano-super")).power
    assert power is not None
    meter = SampledMeter(power, now_s=time_.now_s)
    with meter.window() as window:
        passing(meter, time_, 0.5)
        tree.unbind("1-0040")
        passing(meter, time_, 0.5)
    assert window.energy() is None
    assert "power readings are missing (VDD_IN" in meter.sampler.warnings()[0]
    tree.unbind("1-0040", bound=True)
    with meter.window() as window:
        passing(meter, time_, 0.5)
    assert window.energy() is not None


def test_the_scope_is_the_sensors_own() -> None:
    meter, _ = metered(lambda _: 5.0)
    assert meter.scope == "VDD_IN"
    silent, _ = metered(lambda _: 5.0)
    assert isinstance(silent.sampler._sensor, DrawnPower)
    silent.sampler._sensor.faults = [None]
    assert silent.scope == "a sensor that gives no reading"


def test_in_the_background_the_edges_of_a_window_are_covered() -> None:
    with SampledMeter(Steady(), 200.0) as meter:
        with meter.window() as outer, meter.window() as window:
            time.sleep(0.08)
        energy = window.energy()
        assert energy is not None
        assert energy.energy_j == pytest.approx(5.0 * energy.span_s, rel=1e-6)
    at_the_end = outer.energy()
    assert at_the_end is not None


def test_a_window_that_closes_as_its_meter_ends_is_covered() -> None:
    with SampledMeter(Steady(), 200.0) as meter, meter.window() as window:
        time.sleep(0.05)
    assert window.energy() is not None


def _boards() -> list[str]:
    return ["nano", "agx-xavier", "xavier-nx", "orin-nano-super", "agx-orin", "thor"]


@pytest.mark.parametrize("board", _boards())
def test_joules_of_a_simulated_run_are_within_a_percent_of_the_truth(board: str) -> None:
    time_ = SimulatedTime()
    simulated = SimulatedBoard(profile(board), now_s=time_.now_s, sleep=time_.sleep, seed=3)
    meter = SampledMeter(simulated.power_sensor, now_s=time_.now_s)
    assert_within_a_percent(meter, simulated.power_sensor, simulated.true_energy_j, simulated.running, time_)


@pytest.mark.parametrize("board", _boards())
def test_joules_of_a_modelled_kernels_sensors_are_within_a_percent_of_the_truth(board: str) -> None:
    time_ = SimulatedTime()
    tree = behavioural_board(board, time=time_, quirks=None)
    power = find_sensors(tree, profile(board)).power
    assert power is not None
    meter = SampledMeter(power, now_s=time_.now_s)
    assert_within_a_percent(meter, power, tree.true_energy_j, tree.running, time_)


def assert_within_a_percent(
    meter: SampledMeter,
    power: PowerSensor,
    true_energy_j: Callable[[], float],
    running: Callable[[Work], object],
    time_: SimulatedTime,
) -> None:
    """Idle, then busy and idle in turn for some seconds, in one window."""
    assert power.read() is not None
    passing(meter, time_, 0.5)
    begun_j = true_energy_j()
    with meter.window() as window:
        for _ in range(4):
            with running(WORK):  # type: ignore[attr-defined]
                passing(meter, time_, 0.83)
            passing(meter, time_, 0.47)
        drawn_j = true_energy_j() - begun_j
    energy = window.energy()
    assert energy is not None
    assert energy.energy_j == pytest.approx(drawn_j, rel=0.01)
    assert abs(energy.energy_j - drawn_j) < 4.0 * energy.uncertainty_j
