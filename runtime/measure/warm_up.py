"""Runs a network until running it longer changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runtime.boards.thermometer import Thermometer

from .plan import WarmUp
from .statistics import relative_difference


@dataclass(frozen=True, slots=True)
class WarmedUp:
    """What it took."""

    runs: int
    steady: bool  # False: `max_s` was over first
    latency_s: float  # of the last window: a first guess


def warm_up(
    run: Callable[[], float], rule: WarmUp, thermometer: Thermometer | None, now_s: Callable[[], float]
) -> WarmedUp:
    """Run window after window until one equals the one before it, or the time is over.

    Two windows are equal when the temperature at their ends differs by less than the rule's step; where it cannot be
    read at one of the ends, when their median latencies agree.

    Args:
        run: runs the network once and returns how long that took [s].
    """
    start_s = now_s()
    least_s = rule.window_s if _read_c(thermometer) is None else rule.thermal_window_s
    runs, before = _window(run, rule.window_runs, least_s, now_s)
    before_c = _read_c(thermometer)
    while True:
        more, after = _window(run, rule.window_runs, least_s, now_s)
        after_c = _read_c(thermometer)
        runs += more
        if before_c is not None and after_c is not None:
            steady = abs(after_c - before_c) < rule.temperature_step_c
        else:
            steady = relative_difference(before, after) <= rule.latency_agreement
        if steady or now_s() - start_s >= rule.max_s:
            return WarmedUp(runs, steady, after)
        before, before_c = after, after_c


def _window(run: Callable[[], float], least_runs: int, least_s: float, now_s: Callable[[], float]) -> tuple[int, float]:
    """Runs of one window, and their median latency [s]."""
    start_s = now_s()
    latencies_s = [run() for _ in range(least_runs)]
    while now_s() - start_s < least_s:
        latencies_s.append(run())
    return len(latencies_s), float(np.median(latencies_s))


def _read_c(thermometer: Thermometer | None) -> float | None:
    return None if thermometer is None else thermometer.read_c()
