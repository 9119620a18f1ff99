"""The best meter of what is there."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.boards.behaviour import behavioural_board
from runtime.boards.energy_counter import EnergyCounter
from runtime.boards.nvml import Nvml
from runtime.boards.power_sensor import PowerSensor
from runtime.boards.profile import profile
from runtime.boards.sensors import find_sensors
from runtime.boards.simulated_time import SimulatedTime
from runtime.energy.counter_meter import CounterMeter
from runtime.energy.energy import Meter
from runtime.energy.meter import SampledMeter
from runtime.energy.meters import best_meter
from tests.runtime.boards.nvml_double import FakeNvml
from tests.runtime.boards.sysfs.sensor_trees import FileTree


@dataclass
class Found:
    power: PowerSensor | None = None
    counter: EnergyCounter | None = None


def test_the_hardwares_own_counter_comes_first() -> None:
    gpu = Nvml(FakeNvml())
    meter: Meter | None = best_meter(Found(gpu.power(), gpu.counter()))
    assert isinstance(meter, CounterMeter)
    assert meter.scope == "GPU 0 (NVIDIA H100 PCIe)"


def test_without_a_counter_the_total_rail_is_sampled() -> None:
    time_ = SimulatedTime()
    sensors = find_sensors(behavioural_board("orin-nano-super", time=time_), profile("orin-nano-super"))
    meter: Meter | None = best_meter(sensors, rate_hz=50.0, now_s=time_.now_s)
    assert isinstance(meter, SampledMeter)
    assert meter.sampler.period_s == 0.02
    assert meter.scope.startswith("VDD_IN: module")


def test_a_machine_without_sensors_has_no_meter() -> None:
    assert best_meter(find_sensors(FileTree({}), None)) is None
