"""codesign/predict/clocks/roofline.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.clocks.clock_cells import CORES, CPU, EMC, GPU
from codesign.predict.clocks.roofline import (
    ABSENT,
    COMPUTE,
    LAUNCH,
    MEMORY,
    PARAMETERS,
    REST,
    SHARPNESS,
    SPREAD,
    LogPeriods,
    active_parameters,
    log_latency,
)

COLUMNS = {
    CORES: np.array([1.0, 2.0, 4.0]),
    CPU: np.array([1e9, 2e9, 1.5e9]),
    GPU: np.array([5e8, 1e9, 7e8]),
    EMC: np.array([1e9, 2e9, 3e9]),
}
REFERENCE = {CORES: 2.0, CPU: 1.5e9, GPU: 7e8, EMC: 2e9}
weights = st.lists(st.floats(-6.0, 2.0), min_size=5, max_size=5)


def test_it_is_the_equation_it_says() -> None:
    a, m, c, d, b, p = 0.5, 0.4, 0.2, 0.1, 0.05, 3.0
    found, _ = log_latency(np.log([a, m, c, d, b, p]), LogPeriods.of(COLUMNS, REFERENCE))
    gpu, emc, cpu, cores = (REFERENCE[name] / COLUMNS[name] for name in (GPU, EMC, CPU, CORES))
    expected = ((a * gpu) ** p + (m * emc) ** p) ** (1 / p) + c * cpu + d * cpu * cores + b
    assert np.exp(found) == pytest.approx(expected)


@settings(max_examples=30, deadline=None)
@given(weights, st.floats(0.0, 3.0))
def test_the_gradient_is_the_slope(log_weights: list[float], log_sharpness: float) -> None:
    periods, at = LogPeriods.of(COLUMNS, REFERENCE), np.array([*log_weights, log_sharpness])
    _, gradient = log_latency(at, periods)
    for parameter in range(PARAMETERS):
        step = np.zeros(PARAMETERS)
        step[parameter] = 1e-5
        slope = (log_latency(at + step, periods)[0] - log_latency(at - step, periods)[0]) / 2e-5
        assert gradient[:, parameter] == pytest.approx(slope, abs=1e-6)


def test_a_sharp_roofline_with_an_absent_part_does_not_overflow() -> None:
    at = np.array([0.0, ABSENT, ABSENT, ABSENT, ABSENT, np.log(20.0)])
    found, gradient = log_latency(at, LogPeriods.of(COLUMNS, REFERENCE))
    assert np.exp(found) == pytest.approx(REFERENCE[GPU] / COLUMNS[GPU])
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize(
    ("moved", "active"),
    [
        ((GPU,), [COMPUTE, MEMORY, REST, SHARPNESS]),
        ((EMC,), [COMPUTE, MEMORY, REST, SHARPNESS]),
        ((CPU,), [COMPUTE, MEMORY, REST, SHARPNESS]),
        ((CPU, GPU), [COMPUTE, MEMORY, LAUNCH, REST, SHARPNESS]),
        ((CORES,), [SPREAD, REST]),
        ((), [REST]),
    ],
)
def test_only_what_the_clocks_tell_is_fitted(moved: tuple[str, ...], active: list[int]) -> None:
    assert active_parameters(moved) == sorted(active)


def test_without_a_gpu_the_cpu_computes() -> None:
    periods = LogPeriods.of({CPU: COLUMNS[CPU]}, {CPU: 1.5e9})
    assert periods.compute.tolist() == periods.cpu.tolist()
    assert periods.memory.tolist() == [0.0, 0.0, 0.0]
