"""Simulated clocks and sensors beyond what every implementation must do: time, settling, scatter."""

from __future__ import annotations

import time

import numpy as np
import pytest

from runtime.boards.clocks import ClockRefused
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_hardware import SimulatedPowerSensor
from runtime.boards.simulated_time import SimulatedTime
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

FAST = OperatingPoint(1_728_000_000, 1_020_000_000, 3_199_000_000)
SLOW_GPU = OperatingPoint(1_728_000_000, 306_000_000, 3_199_000_000)
SLOW = OperatingPoint(115_200_000, 306_000_000, 204_000_000)
HEAVY = Work(5e9, 1e8, 10)


def orin(**arguments: float) -> SimulatedBoard:
    return SimulatedBoard(profile("orin-nano-super"), "gpu", **arguments)  # type: ignore[arg-type]


def sensor(drawn_w: float, seed: int = 0) -> SimulatedPowerSensor:
    return SimulatedPowerSensor(lambda: {"VDD_IN": drawn_w}, ("VDD_IN",), 0.04, 0.03, np.random.default_rng(seed))


def readings_w(source: SimulatedPowerSensor, count: int) -> list[float]:
    return [found.power_w for _ in range(count) if (found := source.read()) is not None]


def test_readings_scatter_around_what_is_drawn() -> None:
    watts = readings_w(sensor(6.5), 400)
    assert np.mean(watts) == pytest.approx(6.5, abs=0.01)
    assert len(set(watts)) > 1


def test_the_same_seed_reads_the_same() -> None:
    assert readings_w(sensor(6.5, seed=3), 50) == readings_w(sensor(6.5, seed=3), 50)
    assert readings_w(sensor(6.5, seed=3), 50) != readings_w(sensor(6.5, seed=4), 50)


def test_a_simulated_reading_says_so() -> None:
    found = sensor(6.5).read()
    assert found is not None
    assert (found.kind, found.method, found.scope) == (Kind.SIMULATED, "board model", "VDD_IN")


def test_a_rail_that_draws_next_to_nothing_reads_zero_or_a_step_or_two() -> None:
    assert set(readings_w(sensor(0.0001, seed=1), 50)) <= {0.0, 0.04, 0.08}


def test_a_sum_of_rails_names_them_and_adds_up() -> None:
    board = SimulatedBoard(profile("agx-xavier"), "gpu")
    found = board.power_sensor.read()
    assert found is not None
    assert found.scope == "GPU + CPU + SOC + CV + VDDRQ + SYS5V"
    assert found.power_w == pytest.approx(board.drawn_w(), abs=0.3)


def test_every_rail_has_a_sensor_of_its_own() -> None:
    board = orin()
    for rail, watts in board.rails_w().items():
        found = board.rail_sensors[rail].read()
        assert found is not None
        assert found.scope == rail
        assert found.power_w == pytest.approx(watts, abs=0.2)


def test_a_write_blocks_as_long_as_was_measured() -> None:
    board = orin()
    board.clocks.set(FAST)
    assert board.clocks.set(SLOW).took_s == pytest.approx(1.4e-3 + 5.0e-3 + 9.0e-3)
    assert board.clocks.set(SLOW).took_s == 0.0


def test_the_workload_sees_a_new_clock_only_after_its_settle_time() -> None:
    board = orin()
    board.clocks.set(FAST)
    board.sleep(1.0)
    board.clocks.set(SLOW_GPU)
    assert board.clocks.current() == SLOW_GPU
    assert board.effective() == FAST
    board.sleep(0.19e-3)  # the write took 5.0 ms, settling takes 5.2 from its begin
    assert board.effective() == FAST
    board.sleep(0.02e-3)
    assert board.effective() == SLOW_GPU


def test_a_second_switch_overtakes_the_first() -> None:
    clock = SimulatedTime()
    board = SimulatedBoard(profile("orin-nano-super"), "gpu", now_s=clock.now_s)  # nobody sleeps in a write
    board.clocks.set(FAST)
    clock.sleep(1.0)
    board.clocks.set(SLOW_GPU)
    clock.sleep(3e-3)
    board.clocks.set(FAST)
    clock.sleep(3e-3)
    assert board.effective() == FAST
    clock.sleep(1.0)
    assert board.effective() == FAST


def test_a_board_may_live_in_real_time() -> None:
    board = SimulatedBoard(profile("orin-nano-super"), "gpu", now_s=time.monotonic, sleep=time.sleep)
    before_j, applied = board.true_energy_j(), board.clocks.set(SLOW)
    assert 0.0 < applied.took_s < 5.0
    assert board.true_energy_j() > before_j


def test_a_hot_board_refuses_its_fastest_clocks_and_takes_a_snapshot_back_for_later() -> None:
    board = orin(ambient_c=72.0)
    board.clocks.set(FAST)
    found = board.clocks.snapshot()
    with board.running(HEAVY):
        board.sleep(3600.0)
        assert board.clocks.current().gpu_hz < FAST.gpu_hz
        with pytest.raises(ClockRefused, match=r"device holds .*: throttled at 9\d °C"):
            board.clocks.set(FAST)
        board.clocks.restore(found)
        assert board.clocks.current().gpu_hz < FAST.gpu_hz
        assert board.clocks.snapshot() == found
    board.sleep(3600.0)
    assert board.clocks.current() == FAST


def test_a_snapshot_of_another_board_is_refused() -> None:
    other = SimulatedBoard(profile("tx2"), "gpu").clocks.snapshot()
    with pytest.raises(ClockRefused, match="the snapshot is of another board"):
        orin().clocks.restore(other)
