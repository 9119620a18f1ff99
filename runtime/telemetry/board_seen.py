"""What a server sees of its board, once a second: clocks asked for and held, heat, throttling, joules of the board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from runtime.boards.hardware import Hardware
from runtime.boards.sysfs.throttle import throttle_signs
from runtime.contract.operating_point import OperatingPoint
from runtime.serve.gauges import Gauges

from .inference import Circumstances

NO_GAUGES = Gauges()


class Keeper(Protocol):
    """What this needs of `ClockKeeper`."""

    @property
    def wanted(self) -> OperatingPoint | None:
        """What was asked for last."""
        ...

    @property
    def held(self) -> OperatingPoint | None:
        """What is held."""
        ...


class BoardMeter(Protocol):
    """What this needs of `MeteredEnergy`."""

    @property
    def drawn_j(self) -> float | None:
        """Joules, growing."""
        ...


@dataclass(frozen=True, slots=True)
class BoardSeen:
    """Called for `Circumstances`. What is None is not there, and is told as not known."""

    hardware: Hardware | None = None  # None: not this machine's
    keeper: Keeper | None = None
    gauges: Gauges = NO_GAUGES
    meter: BoardMeter | None = None

    def __call__(self) -> Circumstances:
        """What is so now."""
        keeper = self.keeper
        held = None if keeper is None else keeper.held
        return Circumstances(
            None if keeper is None else keeper.wanted,
            held if held is not None else self._read_clocks(),
            self.gauges.temperature_c(),
            self._throttled(),
            None if self.meter is None else self.meter.drawn_j,
        )

    def _read_clocks(self) -> OperatingPoint | None:
        if self.hardware is None or self.hardware.clocks is None:
            return None
        return self.hardware.clocks.current()

    def _throttled(self) -> int | None:
        """Times that overcurrent protection acted since boot; None where the board does not count them."""
        events = () if self.hardware is None else throttle_signs(self.hardware.io).overcurrent_events
        return sum(count for _, count in events) if events else None
