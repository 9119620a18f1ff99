"""Joules per inference are taken over so many inferences that the meter's steps hardly count."""

from __future__ import annotations

import pytest

from runtime.contract.kind import Kind
from runtime.energy.energy import Energy
from runtime.measure.amortised_energy import energy_per_inference, idle_energy
from runtime.measure.plan import EnergyRule

from .small_plan import HandMeter, HandTime

IDLE = Energy(2.0, 0.01, 1.0, 100, "VDD_IN", "by hand", 0.04, Kind.MEASURED)
RULE = EnergyRule(max_uncertainty=0.01, max_s=20.0, idle_s=1.0)


def metered(time: HandTime, meter: HandMeter, rule: EnergyRule = RULE, idle: Energy | None = IDLE):  # type: ignore[no-untyped-def]
    def run_many(count: int) -> None:
        time.at_s += 0.01 * count

    return energy_per_inference(run_many, 0.01, meter, rule, idle)


def test_a_window_grows_until_the_joules_are_known_to_a_hundredth() -> None:
    time = HandTime(0.0)
    meter = HandMeter(time, watts=5.0, uncertainty_j=0.1)
    found = metered(time, meter)
    assert found is not None
    assert found.energy_j == pytest.approx(0.05)
    assert found.uncertainty_j / found.energy_j <= 0.01
    assert found.span_s >= 2.0
    assert len(meter.spans_s) > 1
    assert meter.spans_s == sorted(meter.spans_s)


def test_idle_is_taken_off_and_both_are_reported() -> None:
    time = HandTime(0.0)
    found = metered(time, HandMeter(time))
    assert found is not None
    assert found.active_energy_j == pytest.approx(0.03)
    assert found.idle_w == 2.0
    without = metered(time, HandMeter(time), idle=None)
    assert without is not None
    assert without.active_energy_j is None


def test_when_the_time_is_over_the_joules_come_with_their_large_uncertainty() -> None:
    time = HandTime(0.0)
    meter = HandMeter(time, uncertainty_j=100.0)
    found = metered(time, meter)
    assert found is not None
    assert found.uncertainty_j / found.energy_j > 0.01
    assert max(meter.spans_s) <= 20.0 * 1.01


def test_a_meter_that_never_knows_leaves_none() -> None:
    time = HandTime(0.0)
    assert metered(time, HandMeter(time, least_s=1e9)) is None


def test_a_rail_that_draws_nothing_is_not_divided_by() -> None:
    time = HandTime(0.0)
    found = metered(time, HandMeter(time, watts=0.0))
    assert found is not None
    assert found.energy_j == 0.0


def test_idling_is_metered_while_nothing_runs() -> None:
    time = HandTime(0.0)
    idle = idle_energy(HandMeter(time, watts=3.0), RULE, time.source)
    assert idle is not None
    assert idle.mean_w == pytest.approx(3.0)
    assert time.slept_s == [1.0]


def test_idling_is_none_where_it_is_not_wanted_or_not_known() -> None:
    time = HandTime(0.0)
    assert idle_energy(HandMeter(time), EnergyRule(idle_s=0.0), time.source) is None
    assert idle_energy(HandMeter(time, least_s=5.0), RULE, time.source) is None
