"""Warming up ends when another window changes nothing, and never takes for ever."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runtime.boards.thermometer import Thermometer
from runtime.measure.plan import WarmUp
from runtime.measure.warm_up import WarmedUp, warm_up

from .small_plan import HandThermometer, HandTime

RULE = WarmUp(window_runs=4, window_s=0.0, thermal_window_s=0.0, max_s=1000.0)


def warmed(
    latencies_s: Iterator[float], thermometer: Thermometer | None = None, rule: WarmUp = RULE
) -> tuple[WarmedUp, HandTime]:
    time = HandTime(0.0)

    def run() -> float:
        latency_s = next(latencies_s)
        time.at_s += latency_s
        return latency_s

    return warm_up(run, rule, thermometer, time.now_s), time


def falling() -> Iterator[float]:
    """Two slow windows, one faster, then always the same."""
    yield from [2.0] * 4 + [1.5] * 4
    while True:
        yield 1.0


def test_without_a_thermometer_it_ends_when_two_windows_take_the_same_time() -> None:
    found, _ = warmed(falling())
    assert found == WarmedUp(runs=16, steady=True, latency_s=1.0)


def test_with_a_thermometer_it_ends_when_the_temperature_stands() -> None:
    found, _ = warmed(iter([1.0] * 100), HandThermometer(28.0, 30.0, 35.0, 38.0, 38.4))
    assert found == WarmedUp(runs=16, steady=True, latency_s=1.0)


def test_a_temperature_that_cannot_be_read_leaves_the_latency_to_decide() -> None:
    found, _ = warmed(iter([1.0] * 100), HandThermometer(30.0, 30.0, None))
    assert found.runs == 8
    assert found.steady


def test_it_gives_up_after_its_time_and_says_so() -> None:
    ever_slower = iter(1.1 ** (k // 4) for k in range(10_000))
    found, time = warmed(ever_slower, rule=WarmUp(window_runs=4, window_s=0.0, max_s=30.0))
    assert not found.steady
    assert 30.0 <= time.at_s < 60.0


def test_a_window_lasts_as_long_as_asked() -> None:
    found, _ = warmed(iter([1.0] * 100), rule=WarmUp(window_runs=2, window_s=10.0, max_s=1000.0))
    assert found.runs == pytest.approx(20, abs=2)


def test_with_a_thermometer_windows_are_long_enough_for_a_chip_to_warm() -> None:
    rule = WarmUp(window_runs=2, window_s=0.0, thermal_window_s=10.0, max_s=1000.0)
    found, time = warmed(iter([1.0] * 100), HandThermometer(40.0), rule)
    assert time.at_s == pytest.approx(20.0, abs=2.0)
    assert found.steady
