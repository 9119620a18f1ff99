"""Joules from readings: right, as uncertain as they say, and None where they cannot be known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.boards.power_sensor import PowerReading
from runtime.contract.kind import Kind
from runtime.energy.integrate import LARGEST_SHARE, Sample, integrate

PERIOD_S = 0.01


def reading(power_w: float, quantum_w: float = 0.04) -> PowerReading:
    return PowerReading(power_w, "VDD_IN", "INA3221", quantum_w, Kind.MEASURED)


def samples(powers_w: Sequence[float | None], half_read_s: float = 0.0, quantum_w: float = 0.04) -> list[Sample]:
    """One each period from 0 on."""
    return [
        Sample(index * PERIOD_S, half_read_s, None if power_w is None else reading(power_w, quantum_w))
        for index, power_w in enumerate(powers_w)
    ]


def test_a_steady_power_is_power_times_time() -> None:
    energy = integrate(samples([5.0] * 101), 0.195, 0.695, PERIOD_S)
    assert energy is not None
    assert energy.energy_j == pytest.approx(2.5)
    assert energy.span_s == pytest.approx(0.5)
    assert energy.samples == 50
    assert (energy.scope, energy.method, energy.quantum_w) == ("VDD_IN", "INA3221, integrated", 0.04)
    assert energy.kind is Kind.MEASURED


def test_a_power_that_rises_steadily_is_cut_at_the_windows_edges() -> None:
    energy = integrate(samples([float(index) for index in range(101)]), 0.2037, 0.6941, PERIOD_S)
    assert energy is not None
    assert energy.energy_j == pytest.approx(0.5 * (69.41**2 - 20.37**2) * PERIOD_S)


def test_readings_at_uneven_moments_weigh_as_long_as_they_stand() -> None:
    found = [Sample(at_s, 0.0, reading(power_w)) for at_s, power_w in [(0, 2), (1, 4), (3, 4), (4, 2)]]
    energy = integrate(found, 0.0, 4.0, 1.0)
    assert energy is not None
    assert energy.energy_j == pytest.approx(3.0 + 8.0 + 3.0)


@pytest.mark.parametrize(("start_s", "end_s"), [(-0.1, 0.5), (0.5, 1.1), (0.5, 0.5), (0.6, 0.5)])
def test_a_window_that_is_not_covered_has_no_joules(start_s: float, end_s: float) -> None:
    assert integrate(samples([5.0] * 101), start_s, end_s, PERIOD_S) is None


def test_without_any_reading_there_are_no_joules() -> None:
    assert integrate([], 0.0, 1.0, PERIOD_S) is None
    assert integrate(samples([None] * 101), 0.2, 0.7, PERIOD_S) is None


@pytest.mark.parametrize(("missing", "known"), [(1, True), (4, True), (5, False), (30, False)])
def test_a_gap_of_several_periods_is_bridged_and_a_longer_one_is_not(missing: int, known: bool) -> None:
    powers_w: list[float | None] = [5.0] * 101
    powers_w[40 : 40 + missing] = [None] * missing
    energy = integrate(samples(powers_w), 0.2, 0.9, PERIOD_S)
    assert (energy is not None) is known
    if energy is not None:
        assert energy.samples == 71 - missing
        assert energy.energy_j == pytest.approx(3.5)


def test_a_jump_across_a_gap_makes_the_joules_less_certain() -> None:
    powers_w: list[float | None] = [5.0] * 50 + [9.0] * 51
    whole = integrate(samples(powers_w), 0.2, 0.9, PERIOD_S)
    powers_w[48:52] = [None] * 4
    bridged = integrate(samples(powers_w), 0.2, 0.9, PERIOD_S)
    assert whole is not None
    assert bridged is not None
    assert bridged.uncertainty_j > math.hypot(whole.uncertainty_j, 4.0 * 5 * PERIOD_S / math.sqrt(12)) * 0.99


def test_a_sensor_whose_reads_take_longer_than_the_period_has_no_gaps_for_that() -> None:
    slow = [Sample(index * 0.1, 0.05, reading(5.0)) for index in range(21)]
    energy = integrate(slow, 0.3, 1.7, PERIOD_S)
    assert energy is not None
    assert energy.energy_j == pytest.approx(7.0)


@pytest.mark.parametrize(("end_s", "known"), [(0.2049, False), (0.2149, False), (0.2249, True)])
def test_a_window_with_less_than_two_readings_in_it_is_too_short_to_know(end_s: float, known: bool) -> None:
    assert (integrate(samples([5.0] * 101), 0.2051 if end_s > 0.2051 else 0.2041, end_s, PERIOD_S) is not None) is known


def test_joules_less_certain_than_half_of_themselves_are_not_known() -> None:
    assert integrate(samples([0.0] * 101), 0.2, 0.7, PERIOD_S) is None
    burst = [0.0] * 101
    burst[40] = 5.0
    assert integrate(samples(burst), 0.2, 0.7, PERIOD_S) is None


def test_readings_that_all_say_the_same_may_all_be_off_by_the_same() -> None:
    energy = integrate(samples([5.0] * 1001), 1.0, 9.0, PERIOD_S)
    assert energy is not None
    assert energy.uncertainty_j == pytest.approx(8.0 * 0.04 / math.sqrt(12), rel=0.01)


def test_noise_of_a_step_averages_the_steps_out() -> None:
    rng = np.random.default_rng(1)
    noisy = [round(rng.normal(5.0, 0.04) / 0.04) * 0.04 for _ in range(1001)]
    energy = integrate(samples(noisy), 1.0, 9.0, PERIOD_S)
    assert energy is not None
    assert energy.uncertainty_j < 0.25 * 8.0 * 0.04 / math.sqrt(12)
    assert abs(energy.energy_j - 40.0) < 3.0 * energy.uncertainty_j


def test_a_load_that_comes_and_goes_does_not_pass_for_noise_that_averages_steps_out() -> None:
    pulses = ([5.0] * 20 + [9.0] * 20) * 25 + [5.0]
    energy = integrate(samples(pulses), 1.0, 9.0, PERIOD_S)
    assert energy is not None
    assert energy.uncertainty_j > 8.0 * 0.04 / math.sqrt(12)


def test_a_jump_at_an_edge_makes_the_joules_less_certain() -> None:
    steady = integrate(samples([5.0] * 101), 0.2, 0.5951, PERIOD_S)
    jumping = integrate(samples([5.0] * 60 + [9.0] * 41), 0.2, 0.5951, PERIOD_S)
    assert steady is not None
    assert jumping is not None
    assert jumping.uncertainty_j > steady.uncertainty_j


def test_reads_that_take_time_make_a_changing_power_less_certain_and_a_steady_one_not() -> None:
    rising_w = [5.0 + 0.04 * index for index in range(101)]
    quick, slow = (integrate(samples(rising_w, half_s), 0.2, 0.7, PERIOD_S) for half_s in (0.0, 0.004))
    assert quick is not None
    assert slow is not None
    assert slow.uncertainty_j > quick.uncertainty_j
    steady, slow_steady = (integrate(samples([5.0] * 101, half_s), 0.2, 0.7, PERIOD_S) for half_s in (0.0, 0.004))
    assert steady == slow_steady


@settings(max_examples=60, deadline=None)
@given(
    st.floats(2.0, 40.0),
    st.floats(0.0, 0.1),
    st.sampled_from((0.001, 0.04, 0.15)),
    st.integers(0, 2**31),
    st.floats(0.05, 0.5),
    st.floats(0.2, 3.0),
)
def test_a_steady_power_lies_within_four_standard_deviations(
    power_w: float, noise_w: float, quantum_w: float, seed: int, start_s: float, span_s: float
) -> None:
    rng = np.random.default_rng(seed)
    powers_w = [max(round(rng.normal(power_w, noise_w) / quantum_w), 0) * quantum_w for _ in range(400)]
    energy = integrate(samples(powers_w, quantum_w=quantum_w), start_s, start_s + span_s, PERIOD_S)
    assert energy is not None
    assert abs(energy.energy_j - power_w * span_s) < 4.5 * energy.uncertainty_j


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(0.0, 60.0)), max_size=80),
    st.floats(-0.1, 0.9),
    st.floats(-0.1, 0.9),
)
def test_whatever_the_readings_joules_are_none_or_finite_positive_and_more_certain_than_half(
    powers_w: list[float | None], start_s: float, end_s: float
) -> None:
    energy = integrate(samples(powers_w), start_s, end_s, PERIOD_S)
    if energy is not None:
        assert 0.0 < energy.energy_j < math.inf
        assert 0.0 < energy.uncertainty_j <= LARGEST_SHARE * energy.energy_j


@given(st.lists(st.floats(1.0, 60.0), min_size=60, max_size=60), st.integers(10, 40))
def test_two_parts_of_a_window_add_up_to_the_whole(powers_w: list[float], cut: int) -> None:
    found = samples(powers_w)
    cut_s = (cut + 0.5) * PERIOD_S
    parts = [integrate(found, 0.05, cut_s, PERIOD_S), integrate(found, cut_s, 0.55, PERIOD_S)]
    whole = integrate(found, 0.05, 0.55, PERIOD_S)
    if whole is not None and parts[0] is not None and parts[1] is not None:
        assert parts[0].energy_j + parts[1].energy_j == pytest.approx(whole.energy_j)
