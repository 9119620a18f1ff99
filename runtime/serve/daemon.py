"""The control loop beside the inference threads: looks after them, follows the install root, governs, tells systemd."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from runtime.governor.signals import Signals
from runtime.powerd.notify import Notifier

from .clock_keeper import ClockKeeper
from .gauges import Gauges
from .governing import GovernorOf, signals_of
from .hot_swap import HotSwap
from .listeners import AsgiServers
from .recorder import Recorded
from .serving import Serving

TURN_S = 0.2
MOST_STUCK = 2  # threads given up: with more, the process is beyond mending and systemd shall start another
NO_GAUGES = Gauges()
ROW_S = 1.0  # between two rows of a recording of signals
MIX_S = 30.0  # over which the mix of exits is taken


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a server may have beside its sockets; what is None it does without."""

    swap: HotSwap | None = None
    clocks: ClockKeeper | None = None
    gauges: Gauges = NO_GAUGES
    trace: Callable[[Signals], None] | None = None  # takes what the governor was told, about once a second


class Daemon:
    """`run` blocks until `stop` is set, which any thread or signal handler may do."""

    def __init__(
        self,
        serving: Serving,
        servers: AsgiServers,
        governor_of: GovernorOf,
        around: Surroundings,
        stop: threading.Event,
        *,
        report: Callable[[str], None],
        notifier: Notifier | None = None,
        ping_s: float | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._serving, self._servers, self._around, self._report = serving, servers, around, report
        self._notifier, self._ping_s, self._now_s = notifier or Notifier(None), ping_s, now_s
        self._next_ping_s = self._next_row_s = now_s()
        self._governor_of = governor_of
        self._governed, self._governor = serving.bundle, governor_of(serving.bundle)
        self._mix: tuple[float, Recorded | None] = (now_s(), None)
        self._unwell = False
        self.hangs = False  # whether, at the end, a thread is left in the middle of an inference
        self._stop = stop

    def run(self) -> bool:
        """Serve until stopped, then answer what is here; False where the server ended by itself or left some behind."""
        self._notifier.tell("READY=1")
        while not self._stop.is_set() and self._servers.alive:
            self._serving.woken.wait(TURN_S)
            self.turn()
        by_itself = not self._stop.is_set()
        self._notifier.tell("STOPPING=1")
        self._serving.ready = False
        self._servers.stop()
        drained = self._serving.drain(self._serving.limits.drain_s)
        if self._around.clocks is not None:
            self._around.clocks.stop()
        loaded = self._around.swap is None or self._around.swap.stop(self._serving.limits.drain_s)
        self.hangs = not (drained and loaded) or self._serving.workers.stuck > 0
        return drained and not by_itself

    def turn(self) -> None:
        """Everything that is done again and again."""
        for found in self._serving.workers.look_after():
            self._report(found)
        if self._around.swap is not None:
            self._around.swap.look()
        self._govern()
        stuck = self._serving.workers.stuck
        if stuck > MOST_STUCK and not self._unwell:
            self._unwell, self._serving.ready = True, False
            self._report(f"{stuck} inference threads hang: not ready any more, and systemd's watchdog is left alone")
        now_s = self._now_s()
        if self._ping_s is not None and now_s >= self._next_ping_s and not self._unwell:
            self._next_ping_s = now_s + self._ping_s
            self._notifier.tell("WATCHDOG=1")

    def _govern(self) -> None:
        serving, now_s = self._serving, self._now_s()
        if serving.bundle is not self._governed:
            self._governed, self._governor = serving.bundle, self._governor_of(serving.bundle)
        since_s, since = self._mix
        if now_s - since_s > MIX_S:
            self._mix = (now_s, serving.recorder.recorded())
        serving.woken.clear()
        signals = signals_of(serving, now_s, self._around.gauges, since)
        decided = self._governor.decide(signals)
        serving.parked = decided.parked
        serving.use_mode(decided.mode)
        if self._around.trace is not None and now_s >= self._next_row_s:
            self._next_row_s = now_s + ROW_S
            self._around.trace(signals)
        if self._around.clocks is not None:
            self._around.clocks.want(decided.operating_point)
