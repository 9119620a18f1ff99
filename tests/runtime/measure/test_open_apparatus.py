"""A session uses the sensors of the machine that runs the networks, and the clocks of whatever was named."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.boards.clocks import held_at
from runtime.boards.hardware import Hardware, open_hardware
from runtime.boards.power_sensor import PowerReading
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.errors import BoardError
from runtime.contract.kind import Kind
from runtime.measure.apparatus import THIS_MACHINE
from runtime.measure.open_apparatus import apparatus_on, opened
from runtime.powerd.allow_list import Allowed
from tests.runtime.powerd.in_process import Fixed, in_background

from .small_plan import HandThermometer

MODEL = "model:orin-nano-super"


class SteadyRail:
    """Five watts."""

    def read(self) -> PowerReading | None:
        return PowerReading(5.0, "VDD_IN", "by hand", 0.04, Kind.MEASURED)


@pytest.fixture(scope="module")
def hardware() -> Hardware:
    """A board with every sensor."""
    return replace(open_hardware(MODEL), power=SteadyRail(), counter=None, thermometer=HandThermometer(40.0))


def test_on_this_machine_rails_are_metered_from_entry_to_exit(hardware: Hardware) -> None:
    with ExitStack() as stack:
        found = apparatus_on(hardware, THIS_MACHINE, stack)
        assert found.meter is not None
        with found.meter.window() as window:
            stack.callback(lambda: None)
        window.energy()
        assert found.found["energy"] == "VDD_IN"
        assert found.thermometer is not None
        assert found.kind is Kind.MEASURED
    assert found.meter.sampler.running is False  # type: ignore[attr-defined]


def test_without_sensors_nothing_is_metered(hardware: Hardware) -> None:
    with ExitStack() as stack:
        bare = replace(hardware, power=None, clocks=None, thermometer=None, profile=None)
        found = apparatus_on(bare, THIS_MACHINE, stack)
    assert (found.meter, found.thermometer, found.clocks, found.profile) == (None, None, None, None)
    assert found.found == {}


def test_clocks_may_be_powerds_which_are_as_found_afterwards(tmp_path: Path) -> None:
    board = SimulatedBoard(profile("orin-nano-super"))
    found, slow = board.clocks.current(), board.clocks.choices()[0]
    socket, stop = in_background(board.clocks, tmp_path, Fixed(Allowed((slow,), "a test")))
    try:
        with opened(MODEL, socket) as apparatus:
            assert apparatus.clocks is not None
            assert slow in apparatus.clocks.choices()
            with held_at(apparatus.clocks, slow):
                assert board.clocks.current() == slow
            assert board.clocks.current() == found
        with opened(MODEL, socket) as apparatus:
            assert apparatus.clocks is not None
            apparatus.clocks.set(slow)
        assert board.clocks.current() == found
    finally:
        stop()


def test_without_a_powerd_at_the_socket_nothing_begins(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="powerd"), opened(MODEL, tmp_path / "none.sock"):
        pass


def test_a_models_sensors_do_not_feel_what_runs_here() -> None:
    with opened(MODEL) as found:
        assert found.clocks is not None
        assert (found.meter, found.thermometer) == (None, None)
        assert found.profile == "orin-nano-super"
        assert found.kind is Kind.SIMULATED
        assert found.why_no_energy == "a model or a recording does not feel what runs on this machine"


def test_hardware_that_is_not_there_is_an_error() -> None:
    with pytest.raises(BoardError, match="no hardware 'nowhere'"), opened("nowhere"):
        pass
