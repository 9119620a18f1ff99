"""Sampling: a fixed rate without drift, nothing lost, nothing forgotten but what is too old."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from runtime.boards.power_sensor import PowerReading
from runtime.boards.simulated_time import SimulatedTime
from runtime.contract.errors import BoardError, UnitError
from runtime.contract.kind import Kind
from runtime.energy.sampler import Sampler, SamplerCounts
from tests.runtime.energy.drawn_power import DrawnPower

READING = PowerReading(5.0, "VDD_IN", "INA3221", 0.04, Kind.MEASURED)


class Steady:
    """A sensor that answers at once, counting; `blocked` holds it up, `mistakes` are raised."""

    def __init__(self) -> None:
        self.reads = 0
        self.go = threading.Event()
        self.go.set()
        self.mistakes: Iterator[BaseException] = iter(())

    def read(self) -> PowerReading | None:
        self.go.wait(10.0)
        self.reads += 1
        for mistake in self.mistakes:
            raise mistake
        return READING


def by_hand(sensor: DrawnPower, *, rate_hz: float = 100.0, keep_s: float = 600.0) -> Sampler:
    return Sampler(sensor, rate_hz, now_s=sensor.time.now_s, keep_s=keep_s)


@pytest.mark.parametrize(("rate_hz", "keep_s"), [(0.0, 1.0), (float("nan"), 1.0), (float("inf"), 1.0), (100.0, 0.0)])
def test_a_rate_and_a_memory_are_above_zero(rate_hz: float, keep_s: float) -> None:
    with pytest.raises(UnitError, match="a sampler needs a rate and a memory above 0"):
        Sampler(Steady(), rate_hz, keep_s=keep_s)


def test_a_sample_is_stamped_in_the_middle_of_its_read() -> None:
    time_ = SimulatedTime(10.0)
    sampler = by_hand(DrawnPower(lambda _: 5.0, time_, read_s=0.006))
    sampler.tick()
    sample = sampler.between(0.0, 20.0)[0]
    assert sample.at_s == pytest.approx(10.003)
    assert sample.half_read_s == pytest.approx(0.003)
    assert sample.reading is not None


def test_samples_between_two_moments_include_both_and_are_in_order() -> None:
    time_ = SimulatedTime()
    sampler = by_hand(DrawnPower(lambda _: 5.0, time_))
    for _ in range(10):
        sampler.tick()
        time_.sleep(1.0)
    assert [sample.at_s for sample in sampler.between(3.0, 6.0)] == [3.0, 4.0, 5.0, 6.0]
    assert sampler.between(20.0, 30.0) == []


def test_what_is_too_old_is_forgotten() -> None:
    time_ = SimulatedTime()
    sampler = by_hand(DrawnPower(lambda _: 5.0, time_), rate_hz=10.0, keep_s=5.0)
    for _ in range(100):
        sampler.tick()
        time_.sleep(0.1)
    assert len(sampler.between(0.0, 100.0)) == 50


def test_a_missing_reading_is_counted_and_told_and_no_error() -> None:
    sensor = DrawnPower(lambda _: 5.0, SimulatedTime())
    sampler = by_hand(sensor)
    sensor.faults = [None]
    sampler.tick()
    assert sampler.last_reading() is None
    assert sampler.warnings() == ("1 of 1 power readings are missing (no sensor)",)
    sampler.tick()
    assert sampler.counts() == SamplerCounts(reads=2, missing=1, late=0, skipped=0)
    assert sampler.warnings() == ("1 of 2 power readings are missing (VDD_IN)",)
    reading = sampler.last_reading()
    assert reading is not None
    assert reading.power_w == pytest.approx(5.0)


def test_an_error_of_the_sensor_is_a_missing_reading_and_its_words_are_kept_once() -> None:
    sensor = DrawnPower(lambda _: 5.0, SimulatedTime())
    sampler = by_hand(sensor)
    sensor.faults = [OSError(5, "I/O error"), OSError(5, "I/O error"), BoardError("no such rail")]
    for _ in range(3):
        sampler.tick()
    assert sampler.counts().missing == 3
    assert sampler.warnings()[1:] == ("OSError: [Errno 5] I/O error", "BoardError: no such rail")


def test_a_mistake_in_the_sensors_code_is_raised_to_whoever_ticks() -> None:
    sensor = DrawnPower(lambda _: 5.0, SimulatedTime())
    sensor.faults = [TypeError("a mistake")]
    with pytest.raises(TypeError, match="a mistake"):
        by_hand(sensor).tick()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_in_the_background_ends_sampling_and_is_not_lost() -> None:
    sensor = Steady()
    sampler = Sampler(sensor, 1000.0)
    sensor.mistakes = iter([TypeError("a mistake")])
    sampler.start()
    assert not sampler.wait_past(time.monotonic() + 60.0, 10.0)
    assert not sampler.running
    assert sampler.warnings() == ("sampling ended: TypeError: a mistake",)
    sampler.stop()
    assert sensor.reads == 1
    with sampler:
        assert sampler.wait_past(time.monotonic(), 10.0)


def test_in_the_background_it_reads_by_itself_and_stopping_reads_once_more() -> None:
    sensor = Steady()
    with Sampler(sensor, 200.0) as sampler:
        assert sampler.running
        assert sampler.wait_past(time.monotonic() + 0.05, 10.0)
        closed_s = time.monotonic()
    assert not sampler.running
    assert sampler.between(closed_s, closed_s + 60.0)
    assert sampler.counts().reads == sensor.reads
    assert sampler.counts().missing == 0


def test_starting_and_stopping_twice_changes_nothing_and_it_can_start_again() -> None:
    sampler = Sampler(Steady(), 500.0)
    sampler.stop()
    sampler.start()
    thread = sampler._thread
    sampler.start()
    assert sampler._thread is thread
    sampler.stop()
    reads = sampler.counts().reads
    sampler.stop()
    assert sampler.counts().reads == reads
    sampler.start()
    assert sampler.wait_past(time.monotonic(), 10.0)
    sampler.stop()


def test_reads_have_their_times_however_long_the_one_before_took() -> None:
    time_ = SimulatedTime()
    sensor = DrawnPower(lambda _: 5.0, time_, read_s=0.004)
    sampler = by_hand(sensor)
    run_until(sampler, time_, 1.0)
    begins_s = [sample.at_s - sample.half_read_s for sample in sampler.between(0.0, 2.0)]
    assert begins_s == pytest.approx([0.01 * index for index in range(len(begins_s))], abs=1e-9)
    assert len(begins_s) in (100, 101)
    assert sampler.counts().late == sampler.counts().skipped == 0


def test_reads_whose_time_has_passed_are_left_out_and_counted() -> None:
    """Reads of 25 ms at 100 Hz: every third can be made."""
    time_ = SimulatedTime()
    sampler = by_hand(DrawnPower(lambda _: 5.0, time_, read_s=0.025))
    run_until(sampler, time_, 1.0)
    counts = sampler.counts()
    assert counts.skipped == 2 * counts.reads
    assert counts.late == 0
    assert sampler.warnings()[0].endswith("the machine was busy, or one reading takes longer than a period")
    begins_s = [sample.at_s - sample.half_read_s for sample in sampler.between(0.0, 2.0)]
    assert all(later - earlier == pytest.approx(0.03) for earlier, later in pairwise(begins_s))


def run_until(sampler: Sampler, time_: SimulatedTime, until_s: float) -> None:
    """The thread's own loop, here and on simulated time."""
    stop = threading.Event()

    def sleep(seconds: float) -> None:
        time_.sleep(seconds)
        if time_.now_s() >= until_s - 1e-9:
            stop.set()

    sampler._sleep = sleep
    sampler._run(stop)


def test_a_slow_rate_does_not_hold_up_stopping() -> None:
    sampler = Sampler(Steady(), 0.01)
    sampler.start()
    assert sampler.wait_past(0.0, 10.0)
    begun_s = time.monotonic()
    sampler.stop()
    assert time.monotonic() - begun_s < 5.0
    assert sampler.counts().reads == 2


def test_a_sensor_that_hangs_holds_up_nobody_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.energy.sampler.JOIN_S", 0.02)
    sensor = Steady()
    sensor.go.clear()
    sampler = Sampler(sensor, 100.0)
    sampler.start()
    assert not sampler.wait_past(0.0, 0.02)
    sampler.stop()
    assert sampler.counts().reads == 0
    sensor.go.set()


def test_waiting_for_a_sample_ends_at_once_where_nobody_samples() -> None:
    sampler = Sampler(Steady(), 100.0)
    assert not sampler.wait_past(0.0, 60.0)
    sampler.tick()
    assert sampler.wait_past(0.0, 60.0)
