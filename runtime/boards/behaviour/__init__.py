"""A behavioural model of a Jetson's kernel, to test clocks, sensors, powerd and doctor against without a board."""

from __future__ import annotations

from .board import behavioural_board
from .board_time import RealTime, WallClock
from .faults import Faults, ProcessKilled
from .quirks import Debugfs, Quirks
from .switching import AT_ONCE
from .tree import BehaviouralTree

__all__ = [
    "AT_ONCE",
    "BehaviouralTree",
    "Debugfs",
    "Faults",
    "ProcessKilled",
    "Quirks",
    "RealTime",
    "WallClock",
    "behavioural_board",
]
