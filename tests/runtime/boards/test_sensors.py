"""Which of a machine's sensors speak for the board, and what is said of those that are missing."""

from __future__ import annotations

import errno
import sys

import pytest

from runtime.boards.behaviour import Quirks, behavioural_board
from runtime.boards.behaviour.layouts import LAYOUTS
from runtime.boards.jtop import Jtop
from runtime.boards.nvml import Nvml, NvmlCounter, NvmlPower
from runtime.boards.profile import profile
from runtime.boards.sensors import NVIDIA_DRIVER, Sensors, find_sensors, read_cost_s
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.battery import Battery
from runtime.boards.sysfs.rapl import RaplCounter
from runtime.boards.sysfs.thermal import ThermalZones
from runtime.contract.kind import Kind
from tests.runtime.boards.nvml_double import NOT_SUPPORTED, FakeNvml, NVMLError, jetson_nvml
from tests.runtime.boards.sysfs.sensor_trees import INA3221, RAPL, FileTree, battery, ina3221, rapl, zones

ORIN = profile("orin-nano-super")


def lacks(sensors: Sensors) -> list[str]:
    return [lack.what for lack in sensors.missing]


@pytest.mark.parametrize("board", sorted(LAYOUTS))
def test_every_modelled_board_has_its_total_its_rails_and_its_temperature(board: str) -> None:
    tree = behavioural_board(board, time=SimulatedTime())
    sensors = find_sensors(tree, profile(board), kind=Kind.SIMULATED)
    assert sensors.missing == ()
    assert set(sensors.rails) >= set(profile(board).rails.names)
    assert sensors.thermometer is not None
    assert sensors.counter is None
    assert sensors.power is not None
    reading = sensors.power.read()
    assert reading is not None
    assert reading.kind is Kind.SIMULATED
    drawn_w = sum(tree.drawn_w()[rail] for rail in profile(board).rails.total)
    # Half a step of each rail, and the 8 mV steps of the voltages.
    assert abs(reading.power_w - drawn_w) < 1.5 * reading.quantum_w + 0.002 * drawn_w


def test_a_rail_of_the_profile_that_is_not_there_is_missing_by_name() -> None:
    tree = FileTree(ina3221(rails=("VDD_IN", "NC", "VDD_SOC")) | zones(("tj-thermal", "40000\n")))
    sensors = find_sensors(tree, ORIN)
    assert lacks(sensors) == ["rail VDD_CPU_GPU_CV"]
    assert sensors.power is not None


def test_without_the_rail_of_the_total_there_is_no_power_and_no_energy() -> None:
    tree = FileTree(ina3221(rails=("NC", "VDD_CPU_GPU_CV", "VDD_SOC")) | rapl())
    sensors = find_sensors(tree, ORIN)
    assert sensors.power is None
    assert sensors.counter is None  # RAPL would count something else than the board
    assert list(sensors.rails) == ["VDD_CPU_GPU_CV", "VDD_SOC"]
    assert lacks(sensors) == ["rail VDD_IN", "total power", "energy", "temperature"]
    energy = sensors.missing[2]
    assert "neither a power rail nor an energy counter of the whole board can be read" in energy.why
    assert "(orin-nano-super should have VDD_IN)" in energy.why
    assert "until then joules are predicted, not measured" in energy.to_do


def test_a_machine_with_nothing_says_so() -> None:
    sensors = find_sensors(FileTree({}), None)
    assert (sensors.power, sensors.counter, sensors.thermometer, dict(sensors.rails)) == (None, None, None, {})
    assert lacks(sensors) == ["energy", "temperature"]


def test_a_rail_that_disappears_later_is_none_and_no_error() -> None:
    tree = FileTree(ina3221())
    sensors = find_sensors(tree, ORIN)
    tree.remove(f"{INA3221}/1-0040")
    assert sensors.power is not None
    assert sensors.power.read() is None


def test_a_pc_has_the_counter_of_its_processor() -> None:
    sensors = find_sensors(FileTree(rapl() | zones(("x86_pkg_temp", "55000\n"))), None)
    assert isinstance(sensors.counter, RaplCounter)
    assert isinstance(sensors.thermometer, ThermalZones)
    assert sensors.power is None
    assert sensors.missing == ()


def test_a_counter_that_only_root_may_read_is_missing_with_its_reason() -> None:
    tree = FileTree(rapl())
    tree.files[f"{RAPL}/intel-rapl:0/energy_uj"] = errno.EACCES
    assert lacks(find_sensors(tree, None)) == ["energy counter", "energy", "temperature"]


def test_a_battery_serves_where_there_is_nothing_better() -> None:
    assert isinstance(find_sensors(FileTree(battery()), None).power, Battery)
    both = find_sensors(FileTree(battery() | rapl()), None)
    assert both.power is None
    assert both.counter is not None
    modelled = behavioural_board("orin-nano-super", time=SimulatedTime(), quirks=Quirks(has_battery=True))
    assert not isinstance(find_sensors(modelled, ORIN).power, Battery)


def test_a_discrete_gpu_is_read_by_nvml_and_its_processor_is_not_counted_for_it() -> None:
    sensors = find_sensors(FileTree(rapl() | zones(("x86_pkg_temp", "55000\n"))), None, nvml=Nvml(FakeNvml()))
    assert isinstance(sensors.power, NvmlPower)
    assert isinstance(sensors.counter, NvmlCounter)
    assert sensors.thermometer is not None
    assert sensors.thermometer.read_c() == 34.0
    assert sensors.missing == ()


def test_a_gpu_without_counter_is_integrated_and_without_temperature_the_zones_serve() -> None:
    unsupported = NVMLError(NOT_SUPPORTED)
    sensors = find_sensors(
        FileTree(rapl() | zones(("x86_pkg_temp", "55000\n"))),
        None,
        nvml=Nvml(FakeNvml(millijoules=unsupported, celsius=unsupported)),
    )
    assert isinstance(sensors.power, NvmlPower)
    assert sensors.counter is None
    assert isinstance(sensors.thermometer, ThermalZones)
    assert lacks(sensors) == ["energy counter"]
    assert sensors.missing[0].why == "NVML has none for GPU 0 (NVIDIA H100 PCIe)"


def test_a_jetsons_nvml_tells_nothing_and_its_rails_do() -> None:
    sensors = find_sensors(FileTree(ina3221() | zones(("tj-thermal", "40000\n"))), ORIN, nvml=Nvml(jetson_nvml()))
    assert sensors.missing == ()
    assert sensors.power is not None


def test_a_gpu_that_tells_nothing_is_missing_and_the_processor_counts() -> None:
    sensors = find_sensors(FileTree(rapl() | zones(("x86_pkg_temp", "55000\n"))), None, nvml=Nvml(jetson_nvml()))
    assert isinstance(sensors.counter, RaplCounter)
    assert lacks(sensors) == ["GPU power"]
    assert "NVML tells neither power nor energy of GPU 0" in sensors.missing[0].why


def test_a_driver_without_nvml_is_told_with_what_to_install() -> None:
    sensors = find_sensors(FileTree({NVIDIA_DRIVER: "NVRM version: …\n"} | rapl()), None)
    assert sensors.missing[0].what == "GPU power"
    assert "edge-codesign[nvml]" in sensors.missing[0].to_do


def test_jetson_stats_gives_the_rails_that_the_tree_does_not_show() -> None:
    line = '{"rails": {"VDD_IN": {"power_w": 5.0, "voltage_v": 5.0, "current_a": 1.0}}}'
    command = (sys.executable, "-S", "-c", f"import time\nprint({line!r}, flush=True)\ntime.sleep(60)")
    with Jtop(command=command) as jtop:
        sensors = find_sensors(FileTree({}), ORIN, jtop=jtop)
        assert sensors.power is not None
        reading = sensors.power.read()
        assert reading is not None
        assert reading.method == "jtop"
        assert reading.scope.startswith("VDD_IN: module")


def test_a_silent_jetson_stats_is_missing_with_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    jtop = Jtop()
    monkeypatch.setattr(jtop, "rails", dict)
    sensors = find_sensors(FileTree({}), ORIN, jtop=jtop)
    assert lacks(sensors)[0] == "jtop"
    assert sensors.missing[0].why == "jetson-stats: no line yet"


def test_where_the_tree_shows_rails_jetson_stats_is_not_asked() -> None:
    assert find_sensors(FileTree(ina3221()), ORIN, jtop=Jtop()).power is not None


def test_a_reading_of_a_chip_in_mid_conversion_costs_as_long_as_the_conversion() -> None:
    time = SimulatedTime()
    sensors = find_sensors(behavioural_board("orin-nano-super", time=time), ORIN)
    assert sensors.power is not None
    assert 1e-3 < read_cost_s(sensors.power, time.now_s, 5) < 20e-3
    assert read_cost_s(sensors.power, time.now_s, 0) > 0.0
