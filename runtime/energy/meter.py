"""Meters stretches of time by integrating a power sensor that is sampled in the background.

with SampledMeter(sensor, rate_hz=100.0) as meter:
    with meter.window() as window:
        work()
    window.energy()  # joules, or None where they cannot be known
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from runtime.boards.power_sensor import PowerSensor

from .energy import Energy
from .integrate import LONGEST_GAP_PERIODS, integrate
from .sampler import Sampler

FIRST_SAMPLE_S = 1.0  # a window that opens right after the start waits at most so long for the first reading
WAIT_PERIODS, LEAST_WAIT_S = 5.0, 0.5  # at most, for the first sample after a window: some sensors are slow


class SampledWindow:
    """A stretch of time between two stamps."""

    def __init__(self, sampler: Sampler, start_s: float) -> None:
        self._sampler, self._start_s = sampler, start_s
        self._end_s: float | None = None
        self._energy: Energy | None = None

    def close(self, end_s: float) -> None:
        """The stretch ends here."""
        self._end_s = end_s

    def energy(self) -> Energy | None:
        """Joules; None while the window is open, and where they cannot be known.

        Waits for the first sample after the window, a period or so. It is this call that waits, not the end of the
        window: one that is part of a longer one must not add to it.
        """
        if self._energy is None and self._end_s is not None:
            sampler = self._sampler
            sampler.wait_past(self._end_s, max(WAIT_PERIODS * sampler.period_s, LEAST_WAIT_S))
            beyond_s = LONGEST_GAP_PERIODS * sampler.period_s + LEAST_WAIT_S  # a slow sensor's neighbours lie far out
            samples = sampler.between(self._start_s - beyond_s, self._end_s + beyond_s)
            self._energy = integrate(samples, self._start_s, self._end_s, sampler.period_s)
        return self._energy


class SampledMeter:
    """A Meter over a power sensor. It samples from entering its own context to leaving it.

    Outside of that nobody samples by itself: windows then take a sample as they open and one as they close, and whoever
    drives the time calls `sampler.tick()` in between.
    """

    def __init__(
        self,
        sensor: PowerSensor,
        rate_hz: float = 100.0,
        *,
        now_s: Callable[[], float] = time.monotonic,
        keep_s: float = 600.0,
    ) -> None:
        """Raises UnitError: a rate or a memory that is not above 0.

        Args:
            keep_s: how long a window may be; of longer ones the begin is forgotten, and their joules are None.
        """
        self._now_s = now_s
        self.sampler = Sampler(sensor, rate_hz, now_s=now_s, keep_s=keep_s)

    def __enter__(self) -> SampledMeter:
        self.sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sampler.stop()

    @property
    def scope(self) -> str:
        """What is metered, by the sensor's own words; one reading is taken where there is none yet."""
        if self.sampler.last_reading() is None:
            self.sampler.tick()
        reading = self.sampler.last_reading()
        return "a sensor that gives no reading" if reading is None else reading.scope

    @contextmanager
    def window(self) -> Iterator[SampledWindow]:
        """Opens on entry, closes on exit. Windows may overlap and nest."""
        if self.sampler.running:
            self.sampler.wait_past(self._now_s() - WAIT_PERIODS * self.sampler.period_s, FIRST_SAMPLE_S)
        else:
            self.sampler.tick()
        window = SampledWindow(self.sampler, self._now_s())
        try:
            yield window
        finally:
            window.close(self._now_s())
            if not self.sampler.running:
                self.sampler.tick()
