"""codesign/predict/clocks/house_power.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.clocks.clock_cells import CORES, CPU, EMC, GPU, RATE, ClockCells
from codesign.predict.clocks.house_power import HousePower
from tests.codesign.predict.clocks.grids import relative_errors

GPU_HZ = np.linspace(1e8, 1.3e9, 12)
POWER_W = 3.0 + 5.0 * GPU_HZ / 1e9 + 1.5 * (GPU_HZ / 1e9) ** 3


def over_gpu(power_w: np.ndarray = POWER_W, workload: str = "w") -> ClockCells:
    return ClockCells("b", workload, {GPU: GPU_HZ}, power_w)


def test_static_linear_and_cubic_watts_are_told_from_half_of_the_clocks() -> None:
    cells, train = over_gpu(), np.arange(12) % 2 == 1
    unseen = cells.of(~train)
    predicted = HousePower().fit([cells.of(train)])[0].predict(unseen.columns)
    assert relative_errors(predicted, unseen.values).max() < 0.08  # the lowest clock is below all that were seen


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(1.0, 30.0), min_size=12, max_size=12))
def test_power_never_falls_when_a_clock_rises(power_w: list[float]) -> None:
    fitted = HousePower().fit([over_gpu(np.array(power_w))])[0]
    assert (np.diff(fitted.predict({GPU: np.linspace(5e7, 2e9, 50)})) >= -1e-9).all()


def test_each_workload_has_watts_of_its_own() -> None:
    light, heavy = over_gpu(), over_gpu(POWER_W + 4.0 * GPU_HZ / 1e9, "heavy")
    fitted = HousePower().fit([light, heavy])
    for one, cells in zip(fitted, (light, heavy), strict=True):
        assert relative_errors(one.predict(cells.columns), cells.values).max() < 0.04


def test_an_emc_clock_that_one_workload_never_saw_is_known_from_another() -> None:
    emc_hz = np.tile([6e8, 2e9, 3e9], 4)
    gpu_hz = np.repeat(GPU_HZ[[0, 4, 8, 11]], 3)
    power_w = 3.0 + 5.0 * gpu_hz / 1e9 + np.select([emc_hz == 2e9, emc_hz == 3e9], [0.3, 1.5])
    seen = ClockCells("b", "seen", {GPU: gpu_hz, EMC: emc_hz}, power_w)
    blind = ClockCells("b", "blind", seen.columns, power_w * 1.05)
    fitted = HousePower().fit([seen, blind.of(emc_hz < 3e9)])[1]
    unseen = blind.of(emc_hz == 3e9)
    assert relative_errors(fitted.predict(unseen.columns), unseen.values).max() < 0.05


def test_under_periodic_load_idle_power_and_joules_per_request_are_told_apart() -> None:
    rate = np.array([0.0, 5.0, 10.0, 20.0])
    cells = [
        ClockCells("b", name, {GPU: np.full(4, 1e9), RATE: rate}, 5.0 + joules * rate)
        for name, joules in (("small", 0.02), ("large", 0.2))
    ]
    idle = {GPU: np.full(1, 1e9), RATE: np.zeros(1)}
    busy = {GPU: np.full(1, 1e9), RATE: np.full(1, 15.0)}
    small, large = HousePower().fit(cells)
    assert small.predict(idle) == pytest.approx(large.predict(idle))
    assert small.predict(idle) == pytest.approx([5.0], rel=0.02)
    assert large.predict(busy) == pytest.approx([8.0], rel=0.02)


def test_one_rate_throughout_is_periodic_load_all_the_same() -> None:
    cells = [
        ClockCells("b", name, {EMC: np.array([1e9, 2e9]), RATE: np.full(2, 4.0)}, np.array([base, base + 1.0]))
        for name, base in (("small", 5.0), ("large", 6.0))
    ]
    for fitted, one in zip(HousePower().fit(cells), cells, strict=True):
        assert relative_errors(fitted.predict(one.columns), one.values).max() < 0.03


def test_cores_and_cpu_clock_add_watts() -> None:
    cores, cpu_hz = np.repeat([1.0, 2.0, 4.0], 4), np.tile([5e8, 1e9, 1.5e9, 2e9], 3)
    cells = ClockCells("b", "w", {CORES: cores, CPU: cpu_hz}, 2.0 + 0.5 * cores * cpu_hz / 1e9)
    predicted = HousePower().fit([cells])[0].predict(cells.columns)
    assert relative_errors(predicted, cells.values).max() < 0.08


def test_few_cells_lean_on_a_prior_and_say_so() -> None:
    few = over_gpu().of(np.isin(np.arange(12), (2, 9)))
    fitted = HousePower().fit([few])[0]
    assert fitted.simplified == "2 cells of the board for 4 terms: a prior decides the rest"
    assert relative_errors(fitted.predict({GPU: GPU_HZ}), POWER_W).max() < 0.3
