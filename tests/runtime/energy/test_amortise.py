"""Joules of one run out of many."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import UnitError
from runtime.contract.kind import Kind
from runtime.energy.amortise import per_run, runs_needed, step_share
from runtime.energy.energy import Energy

SAMPLED = Energy(10.0, 0.05, 2.0, 201, "VDD_IN", "INA3221, integrated", 0.04, Kind.MEASURED)
COUNTED = Energy(10.0, 0.05, 2.0, 2, "package-0", "RAPL counter", 0.5, Kind.MEASURED)
NOTHING = replace(SAMPLED, energy_j=0.0)


def test_a_step_of_a_sampled_meter_is_its_quantum_for_one_period() -> None:
    assert step_share(SAMPLED) == pytest.approx(0.04 * 0.01 / 10.0)


def test_a_step_of_a_counter_is_its_quantum_over_the_whole_window() -> None:
    assert step_share(COUNTED) == pytest.approx(0.5 * 2.0 / 10.0)


def test_of_no_joules_a_step_is_more_than_all() -> None:
    assert step_share(NOTHING) == math.inf


def test_runs_are_repeated_until_a_step_is_less_than_a_percent() -> None:
    assert runs_needed(COUNTED, runs=5) == 50
    assert runs_needed(COUNTED, runs=5, largest_share=0.1) == 5


def test_a_trial_that_is_certain_enough_needs_no_more_runs() -> None:
    assert runs_needed(SAMPLED, runs=40) == 40


def test_a_trial_that_is_uncertain_needs_more_although_its_steps_are_small() -> None:
    assert runs_needed(replace(SAMPLED, uncertainty_j=0.5), runs=40) == 200


@given(st.floats(0.01, 1e3), st.floats(1e-4, 1.0), st.integers(1, 1000))
def test_with_the_runs_that_are_needed_a_step_is_a_percent_at_most(joules: float, step_j: float, runs: int) -> None:
    trial = replace(COUNTED, energy_j=joules, quantum_w=step_j / 2.0, uncertainty_j=0.0)
    needed = runs_needed(trial, runs)
    assert needed >= runs
    assert step_j <= 0.01 * joules / runs * needed * (1.0 + 1e-9)


@pytest.mark.parametrize(("runs", "share"), [(0, 0.01), (5, 0.0), (5, 1.0), (5, math.nan)])
def test_runs_start_at_one_and_a_share_lies_between_0_and_1(runs: int, share: float) -> None:
    with pytest.raises(UnitError, match="runs start at 1 and a share lies between 0 and 1"):
        runs_needed(SAMPLED, runs, share)


def test_a_trial_of_no_joules_says_nothing() -> None:
    with pytest.raises(UnitError, match=r"no joules says nothing(.|\n)*to do: make it longer"):
        runs_needed(NOTHING, 5)


def test_one_run_is_its_share_of_the_window() -> None:
    found = per_run(SAMPLED, 40)
    assert found.energy_j == pytest.approx(0.25)
    assert found.uncertainty_j == pytest.approx(0.05 / 40)
    assert (found.active_energy_j, found.active_uncertainty_j, found.idle_w) == (None, None, None)


def test_idling_is_subtracted_beside_the_whole_and_adds_its_uncertainty() -> None:
    idle = replace(SAMPLED, energy_j=4.0, span_s=4.0, uncertainty_j=0.12)
    found = per_run(SAMPLED, 40, idle)
    assert found.energy_j == pytest.approx(0.25)
    assert found.active_energy_j == pytest.approx((10.0 - 1.0 * 2.0) / 40)
    assert found.active_uncertainty_j == pytest.approx(math.hypot(0.05, 0.03 * 2.0) / 40)
    assert found.idle_w == 1.0
    assert json.loads(json.dumps(found.to_json()))["total"]["energy_j"] == 10.0


def test_a_window_over_no_runs_is_refused() -> None:
    with pytest.raises(UnitError, match="a window over runs has at least one, got 0"):
        per_run(SAMPLED, 0)
