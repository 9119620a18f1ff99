"""Time that passes only when somebody sleeps: hours of a board in no time at all, and the same every time."""

from __future__ import annotations

from runtime.contract.errors import UnitError


class SimulatedTime:
    """A monotonic clock for everything that takes `now_s` and `sleep` as arguments."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s

    def now_s(self) -> float:
        """Seconds since nothing in particular; never runs backwards."""
        return self._now_s

    def sleep(self, seconds: float) -> None:
        """Come back at once, that much later. Raises UnitError: time does not run backwards."""
        if not 0.0 <= seconds < float("inf"):
            raise UnitError(f"sleep takes a finite time of at least 0 s, got {seconds}")
        self._now_s += seconds
