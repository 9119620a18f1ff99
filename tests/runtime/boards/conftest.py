"""Every implementation of a board Protocol, in turn: add a real one here, and the conformance tests run on it too."""

from __future__ import annotations

import pytest

from runtime.boards.clocks import Clocks
from runtime.boards.power_sensor import PowerSensor
from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.thermometer import Thermometer

SIMULATED = [(board, device) for board in known_boards() for device in profile(board).devices]


@pytest.fixture(params=SIMULATED, ids=lambda pair: " ".join(pair))
def board(request: pytest.FixtureRequest) -> SimulatedBoard:
    name, device = request.param
    return SimulatedBoard(profile(name), device)


@pytest.fixture
def clocks(board: SimulatedBoard) -> Clocks:
    return board.clocks


@pytest.fixture
def power_sensor(board: SimulatedBoard) -> PowerSensor:
    return board.power_sensor


@pytest.fixture
def thermometer(board: SimulatedBoard) -> Thermometer:
    return board.thermometer
