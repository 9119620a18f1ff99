"""Time on the model: what it asks of a monotonic clock, and a wall clock that jumps."""

from __future__ import annotations

import time as standard_time
from typing import Protocol


class BoardTime(Protocol):
    """Monotonic seconds, and waiting."""

    def now_s(self) -> float:
        """Never runs backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Come back that much later."""
        ...


class RealTime:
    """This machine's monotonic clock; waits are scaled, so that a test need not take as long as a board."""

    def __init__(self, wait_scale: float = 1.0) -> None:
        self._wait_scale = wait_scale

    def now_s(self) -> float:
        """time.monotonic()."""
        return standard_time.monotonic()

    def sleep(self, seconds: float) -> None:
        """A share of what was asked."""
        if seconds * self._wait_scale > 0.0:
            standard_time.sleep(seconds * self._wait_scale)


class WallClock:
    """The board's date. Many boards start without one, and it jumps when the network answers."""

    def __init__(self, time: BoardTime, start_s: float = 0.0) -> None:
        self._time = time
        self._offset_s = start_s - time.now_s()

    def wall_s(self) -> float:
        """Seconds since 1970, as far as the board knows."""
        return self._time.now_s() + self._offset_s

    def jump(self, by_s: float) -> None:
        """Forwards or backwards; monotonic time does not notice."""
        self._offset_s += by_s
