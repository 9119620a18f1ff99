"""Inferences start at the rate asked for."""

from __future__ import annotations

import pytest

from runtime.measure.pace import Pace

from .small_plan import HandTime


def test_back_to_back_there_is_nothing_to_wait_for() -> None:
    time = HandTime(0.0)
    pace = Pace(None, time.source)
    pace.wait()
    assert time.slept_s == []
    assert pace.late == 0


def test_requests_start_a_period_apart() -> None:
    time = HandTime(0.0)
    pace, starts_s = Pace(10.0, time.source), []
    for _ in range(5):
        pace.wait()
        starts_s.append(time.at_s)
        time.at_s += 0.03
    assert starts_s == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert pace.late == 0


def test_slots_that_passed_are_counted_and_not_made_up_for() -> None:
    time = HandTime(0.0)
    pace = Pace(10.0, time.source)
    pace.wait()
    time.at_s += 0.35
    pace.wait()
    assert pace.late == 1
    began_s = time.at_s
    pace.wait()
    assert time.at_s == pytest.approx(began_s + 0.1)
