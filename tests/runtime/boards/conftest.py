"""Every implementation of a board Protocol, in turn.

The simulated boards are named here. Real hardware and its models come from the modules `*_implementations.py` beside
this file: each may hold dictionaries CLOCKS, POWER_SENSORS, THERMOMETERS and COUNTERS, name -> function making a fresh
object. A new implementation goes there, and the conformance tests run on it too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from runtime.boards.clocks import Clocks
from runtime.boards.energy_counter import EnergyCounter
from runtime.boards.power_sensor import PowerSensor
from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.thermometer import Thermometer

SIMULATED = [(board, device) for board in known_boards() for device in profile(board).devices]
BESIDE = [
    import_module(f"{__package__}.{file.stem}") for file in sorted(Path(__file__).parent.glob("*_implementations.py"))
]


read_once = cache(profile)


def _simulated(name: str, device: str) -> SimulatedBoard:
    return SimulatedBoard(read_once(name), device)


def _implementations(table: str, of_board: str = "") -> dict[str, Callable[[], Any]]:
    """Name -> factory: what the modules beside hold, and that attribute of every simulated board."""
    found: dict[str, Callable[[], Any]] = {}
    for name, device in SIMULATED if of_board else []:
        found[f"simulated {name} {device}"] = partial(_part, name, device, of_board)
    for module in BESIDE:
        found |= getattr(module, table, {})
    return found


def _part(name: str, device: str, attribute: str) -> Any:
    return getattr(_simulated(name, device), attribute)


CLOCKS = _implementations("CLOCKS", "clocks")
POWER_SENSORS = _implementations("POWER_SENSORS", "power_sensor")
THERMOMETERS = _implementations("THERMOMETERS", "thermometer")
COUNTERS = _implementations("COUNTERS")


@pytest.fixture(params=SIMULATED, ids=lambda pair: " ".join(pair))
def board(request: pytest.FixtureRequest) -> SimulatedBoard:
    return _simulated(*request.param)


@pytest.fixture(params=CLOCKS)
def clocks(request: pytest.FixtureRequest) -> Clocks:
    made: Clocks = CLOCKS[request.param]()
    return made


@pytest.fixture(params=POWER_SENSORS)
def power_sensor(request: pytest.FixtureRequest) -> PowerSensor:
    made: PowerSensor = POWER_SENSORS[request.param]()
    return made


@pytest.fixture(params=THERMOMETERS)
def thermometer(request: pytest.FixtureRequest) -> Thermometer:
    made: Thermometer = THERMOMETERS[request.param]()
    return made


@pytest.fixture(params=COUNTERS)
def counter(request: pytest.FixtureRequest) -> EnergyCounter:
    made: EnergyCounter = COUNTERS[request.param]()
    return made
