"""Reads a power sensor at a fixed rate, in a thread of its own or by hand, and remembers the last while."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from runtime.boards.power_sensor import PowerReading, PowerSensor
from runtime.contract.errors import EdgeCodesignError, UnitError

from .integrate import Sample

LATE_PERIODS = 0.5  # a read that begins later than this after its time is late
KEPT_FAILURES = 8
NAP_S = 0.05
JOIN_S = 5.0  # a driver may hold up a read; nobody waits longer for it than this


@dataclass(frozen=True, slots=True)
class SamplerCounts:
    """How well sampling went since the sampler was made."""

    reads: int
    missing: int  # reads without a reading: the rail was not there
    late: int  # reads that began late
    skipped: int  # reads that were not made at all, since their time had passed


class Sampler:
    """A fixed rate without drift: each read has its time, counted from the start, however long the one before took.

    Readings lie in a ring: what is older than `keep_s` is forgotten.

    Raises:
        UnitError: a rate or a memory that is not above 0.
    """

    def __init__(
        self,
        sensor: PowerSensor,
        rate_hz: float = 100.0,
        *,
        now_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        keep_s: float = 600.0,
    ) -> None:
        if not 0.0 < rate_hz < float("inf") or not keep_s > 0.0:
            raise UnitError(f"a sampler needs a rate and a memory above 0, got {rate_hz} Hz and {keep_s} s")
        self._sensor, self._now_s, self._sleep = sensor, now_s, sleep
        self.period_s = 1.0 / rate_hz
        self._samples: deque[Sample] = deque(maxlen=max(int(keep_s * rate_hz), 16))
        self._reading = threading.Lock()  # held while the sensor is read, so that samples stay in order
        self._taken = threading.Condition()  # guards what lies below, and tells of each sample
        self._waiting = 0
        self._reads = self._missing = self._late = self._skipped = 0
        self._failures: deque[str] = deque(maxlen=KEPT_FAILURES)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._died = False

    def __enter__(self) -> Sampler:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether a thread reads now."""
        return self._thread is not None and self._thread.is_alive() and not self._died

    def start(self) -> None:
        """Read in the background from now on; a second call changes nothing. `now_s` must pass by itself."""
        if not self.running:
            self._died = False
            self._stop = threading.Event()  # an old thread that hangs in a read keeps its own, which is set
            self._thread = threading.Thread(target=self._run, args=(self._stop,), name="power sampler", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Read once more, so that windows closed until now are covered, and end; a second call changes nothing."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._stop.set()
        thread.join(JOIN_S)
        if not thread.is_alive() and not self._died:
            self.tick()

    def tick(self) -> None:
        """Read once, now: for whoever drives the sampler by hand."""
        with self._reading:
            begun_s = self._now_s()
            reading: PowerReading | None = None
            failure: str | None = None
            try:
                reading = self._sensor.read()
            except (OSError, EdgeCodesignError) as error:
                failure = f"{type(error).__name__}: {error}"
            half_s = 0.5 * (self._now_s() - begun_s)
            with self._taken:
                self._samples.append(Sample(begun_s + half_s, half_s, reading))
                self._reads += 1
                self._missing += reading is None
                if failure is not None and failure not in self._failures:
                    self._failures.append(failure)
                if self._waiting:
                    self._taken.notify_all()

    def last_reading(self) -> PowerReading | None:
        """The newest reading that there is."""
        with self._taken:
            return next((sample.reading for sample in reversed(self._samples) if sample.reading is not None), None)

    def between(self, start_s: float, end_s: float) -> list[Sample]:
        """The samples from one moment to another, both included, in order; of what is remembered."""
        with self._taken:
            found: list[Sample] = []
            for sample in reversed(self._samples):
                if sample.at_s < start_s:
                    break
                if sample.at_s <= end_s:
                    found.append(sample)
        return found[::-1]

    def wait_past(self, at_s: float, timeout_s: float) -> bool:
        """Wait until a sample lies at or after a moment. False where the time was over first, or nobody samples."""

        def past() -> bool:
            return bool(self._samples) and self._samples[-1].at_s >= at_s

        with self._taken:
            self._waiting += 1
            try:
                self._taken.wait_for(lambda: past() or not self.running, timeout_s)
            finally:
                self._waiting -= 1
            return past()

    def counts(self) -> SamplerCounts:
        """How well sampling went until now."""
        with self._taken:
            return SamplerCounts(self._reads, self._missing, self._late, self._skipped)

    def warnings(self) -> tuple[str, ...]:
        """What went wrong until now, in sentences."""
        counts, last = self.counts(), self.last_reading()
        found = []
        if counts.missing:
            scope = "no sensor" if last is None else last.scope
            found.append(f"{counts.missing} of {counts.reads} power readings are missing ({scope})")
        if counts.late + counts.skipped:
            found.append(
                f"{counts.late} power readings came late and {counts.skipped} not at all: "
                "the machine was busy, or one reading takes longer than a period"
            )
        return (*found, *self._failures)

    def _run(self, stop: threading.Event) -> None:
        due_s = self._now_s()
        try:
            while not stop.is_set():
                self._late += self._now_s() - due_s > LATE_PERIODS * self.period_s
                self.tick()
                due_s += self.period_s
                left_s = due_s - self._now_s()
                if left_s < 0.0:
                    skipped = math.ceil(-left_s / self.period_s)
                    self._skipped += skipped
                    due_s += skipped * self.period_s
                # In naps, so as to stop soon; not in stop.wait(), which costs nearly twice as much each time.
                while (left_s := due_s - self._now_s()) > 0.0 and not stop.is_set():
                    self._sleep(min(left_s, NAP_S))
        except BaseException as error:  # a mistake in the sensor's code: the thread ends, and this must not be lost
            with self._taken:
                self._died = True
                self._failures.append(f"sampling ended: {type(error).__name__}: {error}")
                self._taken.notify_all()
            raise
