"""The ledger of a simulated board: joules, heat and throttling as time passes."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_dynamics import ThermalParameters
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.simulated_truth import SimulatedTruth
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

TABLE_HZ = (100_000_000, 200_000_000, 300_000_000)
START = OperatingPoint(50_000_000, 300_000_000, 0)
BUSY = Work(1.0, 1.0, 1.0)
# 10 W a clock step busy, 1 W idle; 2 K/W: settles at 27 °C idle, at 85, 65 or 45 °C busy.
THERMAL = ThermalParameters(kelvin_per_w=2.0, time_constant_s=100.0, throttle_c=80.0, release_c=70.0, step_s=1.0)


def watts(work: Work | None, point: OperatingPoint) -> dict[str, float]:
    total = 1.0 if work is None else point.gpu_hz / 1e7
    return {"IN": total, "GPU": 0.5 * total}


def truth(clock: SimulatedTime, thermal: ThermalParameters = THERMAL) -> SimulatedTruth:
    return SimulatedTruth(watts, ("IN",), START, "gpu_hz", TABLE_HZ, thermal, clock.now_s, 25.0)


def test_joules_are_watts_times_seconds_of_the_total_rails_alone() -> None:
    clock = SimulatedTime()
    ledger = truth(clock)
    clock.sleep(10.0)
    ledger.do(BUSY)
    clock.sleep(2.0)
    ledger.do(None)
    clock.sleep(3.0)
    assert ledger.energy_j() == pytest.approx(10.0 * 1.0 + 2.0 * 30.0 + 3.0 * 1.0)


@given(st.lists(st.floats(0.0, 50.0), max_size=8))
def test_looking_changes_nothing(waits_s: list[float]) -> None:
    watched, unwatched = SimulatedTime(), SimulatedTime()
    one, other = truth(watched), truth(unwatched)
    for ledger in (one, other):
        ledger.do(BUSY)
    for wait_s in waits_s:
        watched.sleep(wait_s)
        one.temperature_c()
        unwatched.sleep(wait_s)
    assert one.energy_j() == pytest.approx(other.energy_j(), rel=1e-6, abs=1e-9)
    assert one.temperature_c() == pytest.approx(other.temperature_c(), abs=1e-3)
    assert (one.held(), one.throttle_count()) == (other.held(), other.throttle_count())


def test_a_board_begins_settled_and_idle_and_warms_up_by_its_time_constant() -> None:
    clock = SimulatedTime()
    ledger = truth(clock, ThermalParameters(2.0, 100.0, 500.0, 400.0, 1.0))
    assert ledger.temperature_c() == pytest.approx(27.0)
    ledger.do(BUSY)
    clock.sleep(100.0)
    assert ledger.temperature_c() == pytest.approx(85.0 - (85.0 - 27.0) / math.e)


def test_a_board_slows_down_where_it_is_too_hot_and_recovers_where_it_has_cooled() -> None:
    clock = SimulatedTime()
    ledger = truth(clock)
    ledger.do(BUSY)
    crossing_s = 100.0 * math.log((85.0 - 27.0) / (85.0 - 80.0))
    clock.sleep(crossing_s - 0.01)
    assert (ledger.held().gpu_hz, ledger.throttle_count()) == (300_000_000, 0)
    clock.sleep(0.02)
    assert (ledger.held().gpu_hz, ledger.effective().gpu_hz, ledger.throttle_count()) == (200_000_000, 200_000_000, 1)
    assert ledger.asked == START
    assert not ledger.allows(START)
    recovering_s = 100.0 * math.log((80.0 - 65.0) / (70.0 - 65.0))
    clock.sleep(recovering_s - 0.1)
    assert ledger.held().gpu_hz == 200_000_000  # between the two thresholds nothing changes
    clock.sleep(0.2)
    assert ledger.held() == START


def test_a_board_that_stays_too_hot_goes_down_to_its_slowest_clock_a_step_at_a_time() -> None:
    clock = SimulatedTime()
    ledger = truth(clock, ThermalParameters(2.0, 100.0, 26.0, 25.5, 1.0))
    ledger.do(BUSY)
    clock.sleep(0.5)
    assert ledger.throttle_count() == 1
    clock.sleep(0.6)
    assert ledger.throttle_count() == 2
    clock.sleep(1e5)
    assert (ledger.held().gpu_hz, ledger.throttle_count()) == (100_000_000, 2)


def test_a_switch_does_not_hurry_the_throttle() -> None:
    clock = SimulatedTime()
    ledger = truth(clock, ThermalParameters(2.0, 100.0, 26.0, 25.5, 1.0))
    ledger.do(BUSY)
    clock.sleep(0.1)
    assert ledger.throttle_count() == 1
    ledger.switch("cpu_hz", 40_000_000, clock.now_s() + 0.1)
    clock.sleep(0.5)
    assert (ledger.effective().cpu_hz, ledger.throttle_count()) == (40_000_000, 1)


def test_a_clock_that_reads_years_does_not_stop_the_board() -> None:
    clock = SimulatedTime(start_s=2e9)  # seconds since 1970: a tenth of a microsecond is all that it resolves
    ledger = truth(clock)
    for _ in range(20):
        ledger.do(BUSY)
        clock.sleep(247.3)
        ledger.do(None)
        clock.sleep(11.7)
    assert ledger.throttle_count() > 1


def test_several_threads_may_look_at_once() -> None:
    real = SimulatedTruth(watts, ("IN",), START, "gpu_hz", TABLE_HZ, THERMAL, time.monotonic, 25.0)
    begun_s, before_j = time.monotonic(), real.energy_j()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: real.energy_j(), range(2000)))
    assert real.energy_j() - before_j <= (time.monotonic() - begun_s) * 1.0 + 1e-6  # 1 W idle, never counted twice


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 400.0)), max_size=12))
def test_temperature_stays_between_idle_and_busy_and_joules_only_grow(steps: list[tuple[bool, float]]) -> None:
    clock = SimulatedTime()
    ledger, before_j = truth(clock), 0.0
    for busy, wait_s in steps:
        ledger.do(BUSY if busy else None)
        clock.sleep(wait_s)
        assert 27.0 - 1e-6 <= ledger.temperature_c() <= 80.0 + 2.0  # a step may come a second late
        assert ledger.energy_j() >= before_j
        before_j = ledger.energy_j()


def test_a_day_of_a_hot_board_is_simulated_at_once() -> None:
    board = SimulatedBoard(profile("orin-nano-super"), "gpu", ambient_c=75.0)
    with board.running(Work(5e9, 1e8, 10)):
        board.sleep(86400.0)
        assert board.throttle_count > 1
        assert 93.0 < board.temperature_c() < 101.0
