"""The latency equations: limits that can be worked out by hand, and monotonicity everywhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.simulated_latency import LatencyParameters, latency_terms, stage_overhead_s

ROUND = LatencyParameters(
    macs_per_core_cycle=100.0,
    bytes_per_core_cycle=50.0,
    bytes_per_emc_cycle=10.0,
    overlap_loss=0.0,
    core_cycles_per_kernel=1000.0,
    cpu_cycles_per_kernel=2000.0,
    bytes_per_kernel=0.0,
    stage_cpu_cycles=3000.0,
    stage_fixed_s=1e-6,
)
ONE_GHZ = np.array([1e9])
amounts = st.floats(0.0, 1e10)
clocks_hz = st.floats(4e7, 4e9)


def latency_s(
    parameters: LatencyParameters,
    macs: float = 0.0,
    traffic_bytes: float = 0.0,
    kernels: float = 0.0,
    core_hz: float = 1e9,
    cpu_hz: float = 1e9,
    emc_hz: float = 1e9,
) -> float:
    columns = (np.array([value]) for value in (macs, traffic_bytes, kernels, core_hz, cpu_hz, emc_hz))
    return float(latency_terms(parameters, *columns).latency_s[0, 0])


def test_compute_bound_work_takes_its_cycles() -> None:
    assert latency_s(ROUND, macs=1e9) == pytest.approx(1e9 / 100 / 1e9)


def test_memory_bound_work_takes_its_bytes() -> None:
    assert latency_s(ROUND, traffic_bytes=1e9) == pytest.approx(1e9 / 10 / 1e9)


def test_memory_bound_work_follows_the_core_clock_once_that_is_slow() -> None:
    fast, slow = (latency_s(ROUND, traffic_bytes=1e9, core_hz=hz) for hz in (1e9, 1e8))
    assert fast == pytest.approx(0.1)
    assert slow == pytest.approx(0.2)  # 50 bytes a cycle at 100 MHz are slower than 10 at 1 GHz


def test_a_kernel_costs_its_start_and_its_launch() -> None:
    assert latency_s(ROUND, kernels=1, core_hz=1e9, cpu_hz=2e9) == pytest.approx(1e-6 + 1e-6)


def test_without_any_overlap_the_two_sides_add_up() -> None:
    apart = replace(ROUND, overlap_loss=1.0)
    together = latency_s(apart, macs=1e9, traffic_bytes=1e9)
    assert together == pytest.approx(1e9 / 100 / 1e9 + 1e9 / 50 / 1e9 + 1e9 / 10 / 1e9)


def test_a_slow_memory_slows_launches_down() -> None:
    thirsty = replace(ROUND, bytes_per_kernel=16384.0)
    fast, slow = (latency_s(thirsty, kernels=10, emc_hz=hz) for hz in (2e9, 4e7))
    assert slow - fast == pytest.approx(10 * 16384 / 10 * (1 / 4e7 - 1 / 2e9))


def test_entering_a_stage_follows_the_cpu_clock_to_a_floor() -> None:
    assert stage_overhead_s(ROUND, np.array([1e9, 3e9])) == pytest.approx([4e-6, 2e-6])


@given(amounts, amounts, st.floats(0.0, 1e3), clocks_hz, clocks_hz, clocks_hz, st.floats(0.0, 1.0))
def test_more_work_or_a_slower_clock_never_makes_it_faster(
    macs: float, traffic_bytes: float, kernels: float, core_hz: float, cpu_hz: float, emc_hz: float, loss: float
) -> None:
    parameters = replace(ROUND, overlap_loss=loss, bytes_per_kernel=4096.0)
    base = latency_s(parameters, macs, traffic_bytes, kernels, core_hz, cpu_hz, emc_hz)
    tolerance = 1e-9 * base
    assert latency_s(parameters, macs + 1e6, traffic_bytes, kernels, core_hz, cpu_hz, emc_hz) >= base - tolerance
    assert latency_s(parameters, macs, traffic_bytes + 1e6, kernels, core_hz, cpu_hz, emc_hz) >= base - tolerance
    assert latency_s(parameters, macs, traffic_bytes, kernels + 1, core_hz, cpu_hz, emc_hz) > base - tolerance
    for slower in ({"core_hz": core_hz / 2}, {"cpu_hz": cpu_hz / 2}, {"emc_hz": emc_hz / 2}):
        clocks = {"core_hz": core_hz, "cpu_hz": cpu_hz, "emc_hz": emc_hz} | slower
        assert latency_s(parameters, macs, traffic_bytes, kernels, **clocks) >= base - tolerance


@given(amounts, amounts, clocks_hz, clocks_hz)
def test_a_block_cut_in_two_equal_halves_costs_the_same(
    macs: float, traffic_bytes: float, core_hz: float, emc_hz: float
) -> None:
    parameters = replace(ROUND, overlap_loss=0.3)
    whole = latency_s(parameters, macs, traffic_bytes, 2, core_hz=core_hz, emc_hz=emc_hz)
    half = latency_s(parameters, macs / 2, traffic_bytes / 2, 1, core_hz=core_hz, emc_hz=emc_hz)
    assert 2 * half == pytest.approx(whole)
