"""What a server sees of its board."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from runtime.boards.hardware import open_hardware
from runtime.contract.operating_point import OperatingPoint
from runtime.serve.gauges import Gauges
from runtime.telemetry.board_seen import BoardSeen
from runtime.telemetry.inference import Circumstances

HELD = OperatingPoint(1_500_000_000, 600_000_000, 2_133_000_000)
WANTED = OperatingPoint(1_500_000_000, 300_000_000, 2_133_000_000)


def test_nothing_is_known_where_nothing_is_there() -> None:
    assert BoardSeen()() == Circumstances()


def test_clocks_that_are_held_go_before_those_that_are_read() -> None:
    hardware, keeper = open_hardware("model:orin-nano-super"), SimpleNamespace(wanted=WANTED, held=HELD)
    meter: Any = SimpleNamespace(drawn_j=12.5)
    seen = BoardSeen(hardware, keeper, Gauges(lambda: 51.5), meter)()
    assert (seen.requested, seen.applied, seen.temperature_c, seen.board_j) == (WANTED, HELD, 51.5, 12.5)


def test_clocks_that_nobody_holds_are_read_and_overcurrent_is_counted() -> None:
    hardware = open_hardware("model:orin-nano-super")
    assert hardware.clocks is not None
    seen = BoardSeen(hardware, SimpleNamespace(wanted=WANTED, held=None))()
    assert seen.applied == hardware.clocks.current()
    assert seen.throttled == 0
