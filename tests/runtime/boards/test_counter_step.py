"""How far a counter jumps with each refresh."""

from __future__ import annotations

import pytest

from runtime.boards.counter_step import CounterStep


def test_a_step_is_what_is_drawn_between_two_refreshes() -> None:
    step = CounterStep(0.1, 1e-3)
    assert step.after(10.0, 500.0) == 1e-3
    assert step.after(12.0, 640.0) == pytest.approx(7.0)


def test_two_looks_right_before_and_after_a_refresh_are_not_taken_for_a_huge_power() -> None:
    step = CounterStep(0.1, 1e-3)
    step.after(10.0, 500.0)
    step.after(12.0, 640.0)
    assert step.after(12.0 + 1e-6, 647.0) == pytest.approx(7.0)
    assert step.after(12.0 + 2e-6, 647.0) == pytest.approx(7.0)


def test_at_first_all_that_was_gained_may_have_come_in_one_step() -> None:
    step = CounterStep(0.1, 1e-3)
    step.after(10.0, 500.0)
    assert step.after(10.0, 507.0) == 7.0
    assert step.after(10.05, 507.0) == 7.0
    assert step.after(10.5, 535.0) == pytest.approx(7.0)


def test_a_step_is_at_least_the_counters_unit() -> None:
    step = CounterStep(0.1, 1e-3)
    assert step.after(0.0, 0.0) == step.after(5.0, 0.0) == 1e-3


def test_a_power_that_has_just_risen_makes_larger_steps() -> None:
    step = CounterStep(0.1, 1e-3)
    step.after(10.0, 500.0)
    step.after(12.0, 502.0)
    assert step.after(12.5, 552.0) == pytest.approx(10.0)
