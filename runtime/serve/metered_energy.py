"""Joules of requests on this machine: what a meter finds per second, shared out by how long inference was busy.

A request of a millisecond is far shorter than the time between two readings of a power sensor. So whole windows are
metered, one after the other, and a request is told its share of the latest: window's joules · its run time / the
window's busy time. Idle time between requests is thus shared out, too; the part above idling is told beside it, once
a window in which nothing ran has been metered at the clocks that are held.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from runtime.contract.operating_point import OperatingPoint
from runtime.energy.energy import Energy, Meter

from .energy_share import EnergyShare

WINDOW_S = 1.0
LEAST_BUSY_SHARE = 1e-4  # of a window; in one that was less busy, nothing can be shared out


@dataclass(frozen=True, slots=True)
class Rates:
    """What the latest windows say."""

    energy: Energy
    per_busy_s_w: float | None  # joules per second of inference; None: too little ran
    active_w: float | None  # the same above idling; None: idling is not known
    idle_w: float | None  # at these clocks; None: nothing was metered there while nothing ran
    clocks: OperatingPoint | None = None  # that were held throughout the latest window; None: not known


def unknown_clocks() -> OperatingPoint | None:
    """Where nobody holds the clocks: all windows count as alike."""
    return None


class MeteredEnergy:
    """An EnergyTeller over a meter, which must be running. Its thread runs from `start` to `stop`."""

    def __init__(
        self,
        meter: Meter,
        busy_s: Callable[[], float],
        *,
        clocks: Callable[[], OperatingPoint | None] = unknown_clocks,
        window_s: float = WINDOW_S,
    ) -> None:
        """Nothing is metered before `start`.

        Args:
            busy_s: time that inference threads were at work since the start, all together.
            clocks: that are held now; None where they are not.
        """
        self._meter, self._busy_s, self._clocks, self._window_s = meter, busy_s, clocks, window_s
        self._idle_w: dict[OperatingPoint | None, float] = {}  # by the clocks that were held
        self.rates: Rates | None = None
        self.drawn_j: float | None = None  # grows from window to window; anew from 0 after one that is not known
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._meter_on, name="energy per request", daemon=True)

    def start(self) -> None:
        """Meter window after window, in a thread of its own."""
        self._thread.start()

    def share(self, run_s: float) -> EnergyShare | None:
        """Joules of so much time of an inference thread; None until a window with requests has been metered."""
        rates = self.rates
        if rates is None or rates.per_busy_s_w is None:
            return None
        scope = f"{rates.energy.scope}; {rates.energy.method}, idle time shared out, {rates.energy.span_s:.1f} s window"
        active_j = None if rates.active_w is None else rates.active_w * run_s
        return EnergyShare(rates.per_busy_s_w * run_s, active_j, rates.energy.kind, scope)

    def stop(self) -> None:
        """Meter no more."""
        self._stop.set()
        self._thread.join()

    def window(self) -> None:
        """Meter one window and keep what it says; where the meter does not know, the window before still holds."""
        before_s, clocks = self._busy_s(), self._clocks()
        with self._meter.window() as window:
            self._stop.wait(self._window_s)
        busy_s = self._busy_s() - before_s
        if (energy := window.energy()) is None or energy.span_s <= 0:
            self.drawn_j = None
            return
        self.drawn_j = energy.energy_j + (self.drawn_j or 0.0)
        steady = self._clocks() == clocks
        if busy_s == 0.0 and steady:
            self._idle_w[clocks] = energy.mean_w
        idle_w = self._idle_w.get(clocks) if steady else None
        enough = busy_s > LEAST_BUSY_SHARE * energy.span_s
        earlier = self.rates
        if not enough:  # what was found while requests came is still the best guess for the next one
            per_busy_s_w = None if earlier is None else earlier.per_busy_s_w
            active_w = None if earlier is None or not steady or earlier.clocks != clocks else earlier.active_w
        else:
            per_busy_s_w = energy.energy_j / busy_s
            active_w = None if idle_w is None else max(energy.energy_j - idle_w * energy.span_s, 0.0) / busy_s
        self.rates = Rates(energy, per_busy_s_w, active_w, idle_w, clocks if steady else None)

    def _meter_on(self) -> None:
        while not self._stop.is_set():
            self.window()
