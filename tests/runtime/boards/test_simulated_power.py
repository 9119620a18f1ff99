"""The power equations: what idles, what works, and how both fall with the clocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.simulated_latency import LatencyTerms
from runtime.boards.simulated_power import (
    PARTS,
    ActiveParameters,
    IdleParameters,
    active_j,
    active_parts_j,
    dissipation,
    idle_parts_w,
    idle_w,
)

IDLE = IdleParameters(
    base_w=2.0,
    gpu_idle_w=1.0,
    cpu_idle_w=0.5,
    emc_idle_w=(0.0, 1.0),
    gpu_voltage_swing=1.0,
    gpu_voltage_exponent=2.0,
    cpu_voltage_swing=1.0,
)
ACTIVE = ActiveParameters(core_active_w=8.0, joules_per_byte=1e-10, busy_w=0.5, cpu_launch_w=1.0)


def test_dissipation_is_one_at_the_fastest_clock() -> None:
    assert dissipation(np.array([1e9]), 1e9, swing=1.5) == pytest.approx([1.0])


def test_half_the_clock_at_a_lower_voltage_draws_less_than_half() -> None:
    assert dissipation(np.array([5e8]), 1e9, swing=1.0) == pytest.approx([0.5 * 1.25 / 2])


@given(st.floats(1e8, 1e9), st.floats(1e8, 1e9), st.floats(0.0, 3.0))
def test_neither_power_nor_energy_per_cycle_rises_as_the_clock_falls(
    one_hz: float, other_hz: float, swing: float
) -> None:
    hz = np.array(sorted((one_hz, other_hz)))
    slow, fast = dissipation(hz, 1e9, swing)
    assert slow <= fast
    assert slow / hz[0] <= fast / hz[1] * (1 + 1e-12)


def test_idle_power_adds_up_and_is_interpolated_over_the_memory_clock() -> None:
    drawn = idle_w(IDLE, np.array([1.0]), np.array([0.5]), np.array([1.5e9]), np.array([1e9, 2e9]))
    assert drawn == pytest.approx([2.0 + 1.0 + 0.25 + 0.5])


def test_joules_above_idle_are_cycles_bytes_waiting_and_launches() -> None:
    terms = LatencyTerms(np.array([[0.02]]), core_cycles=np.array([1e7]), launch_cycles=np.array([1e6]))
    at, share = np.array([1e9]), np.array([1.0])
    joules = active_j(ACTIVE, terms, np.array([1e8]), at, share, at, 0.5 * share)
    assert joules == pytest.approx(np.array([[8.0 * 0.01 + 1e-10 * 1e8 + 0.5 * 0.02 + 1.0 * 0.5 * 0.001]]))


def test_waiting_for_memory_costs_little_more_than_idling() -> None:
    at, share = np.array([1e9]), np.array([1.0])
    short, long = (
        active_j(ACTIVE, LatencyTerms(np.array([[s]]), np.array([1e7]), np.zeros(1)), np.zeros(1), at, share, at, share)
        for s in (0.01, 0.02)
    )
    assert (long - short) / 0.01 == pytest.approx(np.array([[0.5]]))


def test_the_summands_of_active_energy_add_up_to_it() -> None:
    terms = LatencyTerms(np.array([[0.02, 0.03]]), core_cycles=np.array([1e7]), launch_cycles=np.array([1e6]))
    at, share = np.array([1e9, 5e8]), np.array([1.0, 0.4])
    arguments = (ACTIVE, terms, np.array([1e8]), at, share, at, 0.5 * share)
    assert sum(active_parts_j(*arguments)) == pytest.approx(active_j(*arguments))


def test_the_parts_of_idle_power_add_up_to_it_and_nothing_is_awake() -> None:
    arguments = (IDLE, np.array([1.0]), np.array([0.5]), np.array([1.5e9]), np.array([1e9, 2e9]))
    parts = idle_parts_w(*arguments)
    assert set(parts) == set(PARTS)
    assert parts["soc"] == 0.0
    assert sum(parts.values()) == pytest.approx(idle_w(*arguments))


def test_a_clock_that_the_board_lacks_dissipates_nothing() -> None:
    assert dissipation(np.zeros(2), 0, swing=1.5) == pytest.approx([0.0, 0.0])


def test_a_larger_exponent_saves_its_watts_nearer_to_the_maximum() -> None:
    half, nearly = np.array([5e8]), np.array([9e8])
    assert dissipation(half, 1e9, 0.5, exponent=6.0) < dissipation(half, 1e9, 0.5)
    drop = [1.0 - dissipation(nearly, 1e9, 0.5, exponent=n) for n in (2.0, 6.0)]
    assert drop[1] > drop[0]
