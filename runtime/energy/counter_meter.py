"""Meters stretches of time by what an energy counter gained, for as long as its steps allow."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

from runtime.boards.energy_counter import CounterReading, EnergyCounter

from .energy import Energy
from .integrate import UNIFORM

LEAST_STEPS = 2.0  # of the counter, in a window; of fewer nobody knows when they began
POLL_S = 30.0  # counters go round, the fastest in about a minute: somebody must look before they have


@dataclass(frozen=True, slots=True)
class _Stamped:
    reading: CounterReading
    at_s: float  # the middle of the read
    half_read_s: float


class CounterWindow:
    """What a counter gained between two readings."""

    def __init__(self, start: _Stamped | None) -> None:
        self._start = start
        self._end: _Stamped | None = None

    def close(self, end: _Stamped | None) -> None:
        """The stretch ends with this reading."""
        self._end = end

    def energy(self) -> Energy | None:
        """Joules; None while the window is open, where a reading failed, or where the counter's steps hide them."""
        if self._start is None or self._end is None:
            return None
        start, end = self._start, self._end
        span_s = end.at_s - start.at_s
        energy_j = end.reading.energy_j - start.reading.energy_j
        quantum_j = max(start.reading.quantum_j, end.reading.quantum_j)
        if span_s <= 0.0 or energy_j < LEAST_STEPS * quantum_j:
            return None
        edges_j2 = 2.0 * (quantum_j * UNIFORM) ** 2
        stamps_s2 = (2.0 * UNIFORM) ** 2 * (start.half_read_s**2 + end.half_read_s**2)
        uncertainty_j = math.sqrt(edges_j2 + (energy_j / span_s) ** 2 * stamps_s2)
        return Energy(
            energy_j=energy_j,
            uncertainty_j=uncertainty_j,
            span_s=span_s,
            samples=2,
            scope=end.reading.scope,
            method=f"{end.reading.method} counter",
            quantum_w=quantum_j / span_s,
            kind=end.reading.kind,
        )


class CounterMeter:
    """A Meter over an energy counter. In its own context it looks there now and then, so that no turn is lost."""

    def __init__(
        self, counter: EnergyCounter, *, now_s: Callable[[], float] = time.monotonic, poll_s: float = POLL_S
    ) -> None:
        self._counter, self._now_s, self._poll_s = counter, now_s, poll_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> CounterMeter:
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._keep_looking, name="energy counter", daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def scope(self) -> str:
        """What is metered, by the counter's own words."""
        reading = self._counter.read()
        return "a counter that gives no reading" if reading is None else reading.scope

    @contextmanager
    def window(self) -> Iterator[CounterWindow]:
        """Opens on entry, closes on exit. Windows may overlap and nest."""
        self._counter.read()  # a turn that may have been lost before this window shall not be held against it
        window = CounterWindow(self._stamped())
        try:
            yield window
        finally:
            window.close(self._stamped())

    def _stamped(self) -> _Stamped | None:
        begun_s = self._now_s()
        reading = self._counter.read()
        half_s = 0.5 * (self._now_s() - begun_s)
        return None if reading is None else _Stamped(reading, begun_s + half_s, half_s)

    def _keep_looking(self) -> None:
        while not self._stop.wait(self._poll_s):
            self._counter.read()
