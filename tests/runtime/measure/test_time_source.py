"""Real time runs forwards and says its zone."""

from __future__ import annotations

from datetime import datetime, timedelta

from runtime.measure.time_source import TimeSource, wall_now


def test_the_wall_clock_is_told_in_utc() -> None:
    assert datetime.fromisoformat(wall_now()).utcoffset() == timedelta(0)


def test_moments_do_not_run_backwards() -> None:
    time = TimeSource()
    assert time.now_s() <= time.now_s()
