"""Sensors of real hardware on trees and models, for the conformance suites."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from runtime.boards.behaviour import Quirks, behavioural_board
from runtime.boards.energy_counter import EnergyCounter
from runtime.boards.nvml import Nvml
from runtime.boards.power_sensor import PowerSensor
from runtime.boards.profile import profile
from runtime.boards.sensors import find_sensors
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.battery import find_battery
from runtime.boards.sysfs.ina238 import find_ina238_rails
from runtime.boards.sysfs.ina3221 import find_ina3221_rails
from runtime.boards.sysfs.rapl import CLASS, RaplCounter, find_rapl
from runtime.boards.sysfs.thermal import find_thermometer
from runtime.boards.thermometer import Thermometer
from tests.runtime.boards.nvml_double import FakeNvml
from tests.runtime.boards.sysfs.sensor_trees import FileTree, battery, ina238, ina3221, ina3221x, rapl, zones

Found = TypeVar("Found")


class AdvancingTree(FileTree):
    """Each reading of an energy file finds 10 kJ more."""

    def read(self, path: str) -> bytes:
        found = super().read(path)
        if path.startswith(CLASS) and path.endswith("energy_uj"):
            self.files[path] = str((int(found) + 10_000_000_000) % 262_143_328_850)
        return found


class AdvancingNvml(FakeNvml):
    """Counts on with every question."""

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: object) -> int:  # noqa: N802
        assert isinstance(self.millijoules, int)
        self.millijoules += 700
        return super().nvmlDeviceGetTotalEnergyConsumption(handle)


def _there(found: Found | None) -> Found:
    assert found is not None
    return found


def _total(board: str) -> PowerSensor:
    return _there(find_sensors(behavioural_board(board, time=SimulatedTime()), profile(board)).power)


def _rapl() -> EnergyCounter:
    time = SimulatedTime()

    def now_s() -> float:
        time.sleep(60.0)
        return time.now_s()

    found = find_rapl(AdvancingTree(rapl(packages=2, dram=True)), now_s=now_s)
    assert isinstance(found, RaplCounter)
    return found


POWER_SENSORS: dict[str, Callable[[], PowerSensor]] = {
    "INA3221, JetPack 5 and later": lambda: find_ina3221_rails(FileTree(ina3221()))["VDD_IN"],
    "INA3221, odd shunt": lambda: find_ina3221_rails(FileTree(ina3221(micro_ohm=3000, milliamperes=(13, 27, 40))))[
        "VDD_CPU_GPU_CV"
    ],
    "INA3221, JetPack 4": lambda: find_ina3221_rails(FileTree(ina3221x()))["POM_5V_IN"],
    "INA238": lambda: find_ina238_rails(FileTree(ina238()))["VIN"],
    "NVML": lambda: _there(Nvml(FakeNvml()).power()),
    "battery gauge": lambda: _there(find_battery(FileTree(battery()))),
    "modelled battery": lambda: _there(
        find_battery(behavioural_board("orin-nano-super", time=SimulatedTime(), quirks=Quirks(has_battery=True)))
    ),
    # Totals of one rail: a sum of several has no step that all of its readings are multiples of.
    **{
        f"modelled {board}": lambda board=board: _total(board)  # type: ignore[misc]
        for board in ("nano", "tx2", "xavier-nx", "orin-nano-super", "orin-nx", "thor")
    },
}
THERMOMETERS: dict[str, Callable[[], Thermometer]] = {
    "thermal zones": lambda: _there(find_thermometer(FileTree(zones(("tj-thermal", "47500\n"))))),
    "NVML": lambda: _there(Nvml(FakeNvml()).thermometer()),
    **{
        f"modelled {board}": lambda board=board: _there(  # type: ignore[misc]
            find_thermometer(behavioural_board(board, time=SimulatedTime()))
        )
        for board in ("nano", "agx-xavier", "agx-orin", "thor")
    },
}
COUNTERS: dict[str, Callable[[], EnergyCounter]] = {
    "RAPL": _rapl,
    "NVML": lambda: _there(Nvml(AdvancingNvml()).counter()),
}
