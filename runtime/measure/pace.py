"""Starts inferences at a stated rate, or one right after the other."""

from __future__ import annotations

from .time_source import TimeSource


class Pace:
    """`wait()` before each inference. A slot that passed while an inference still ran is counted, not made up for."""

    def __init__(self, requests_per_s: float | None, time: TimeSource) -> None:
        self._period_s = None if requests_per_s is None else 1.0 / requests_per_s
        self._time = time
        self._next_s: float | None = None  # the first slot is whenever the first inference comes
        self.late = 0  # waits that found their slot already begun

    def wait(self) -> None:
        """Sleep until the next slot; back to back there is nothing to wait for."""
        if self._period_s is None:
            return
        now_s = self._time.now_s()
        slot_s = now_s if self._next_s is None else self._next_s
        if slot_s >= now_s:
            self._time.sleep(slot_s - now_s)
        else:
            self.late += 1
            slot_s = now_s
        self._next_s = slot_s + self._period_s
