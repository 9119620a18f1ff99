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
from .governing import GovernorOf, Told
from .hot_swap import HotSwap
from .listeners import AsgiServers
from .served_bundle import ServedBundle
from .serving import Serving

TURN_S = 0.2
MOST_STUCK = 2  # threads given up: with more, the process is beyond mending and its supervisor shall start another
MOST_SILENT_TURNS = 50  # in turns, not seconds: a process that was stopped and goes on is not beyond mending
LAST_JOIN_S = 1.0  # for a thread to end, where others have used up the time: its supervisor waits only so long
NO_GAUGES = Gauges()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a server may have beside its sockets; what is None it does without."""

    swap: HotSwap | None = None
    clocks: ClockKeeper | None = None
    gauges: Gauges = NO_GAUGES
    trace: Callable[[Signals], None] | None = None  # takes what the governor was told, each time


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
        self._next_ping_s = now_s()
        self._governor_of = governor_of
        self._follow(serving.bundle, requests_per_s=0.0)
        self._beyond_mending, self._silent_turns = False, 0
        self.hangs = False  # whether, at the end, a thread is left in the middle of an inference
        self._stop = stop

    def run(self) -> bool:
        """Serve until stopped, then answer what is here; False where the server ended by itself or left some behind."""
        self._notifier.tell("READY=1")
        while not self._stop.is_set() and self._servers.alive and not self._beyond_mending:
            self._serving.woken.wait(TURN_S)
            self.turn()
        by_itself = not self._stop.is_set()
        self._notifier.tell("STOPPING=1")
        self._serving.ready = False
        last_s = self._now_s() + self._serving.limits.drain_s
        self._servers.stop(lambda: self._wind_up(last_s))
        drained = self._serving.drain(self._left_s(last_s))
        if self._around.clocks is not None:
            self._around.clocks.stop()
        loaded = self._around.swap is None or self._around.swap.stop(self._left_s(last_s))
        keeper = self._serving.bundle.keeper
        loaded &= keeper is None or keeper.stop(self._left_s(last_s))
        self.hangs = not (drained and loaded) or self._serving.workers.stuck > 0
        return drained and not by_itself

    def _left_s(self, last_s: float) -> float:
        return max(last_s - self._now_s(), LAST_JOIN_S)

    def turn(self) -> None:
        """Everything that is done again and again."""
        self._look_after()
        if self._around.swap is not None:
            self._around.swap.look()
        self._govern()
        self._judge()
        now_s = self._now_s()
        if self._ping_s is not None and now_s >= self._next_ping_s:
            self._next_ping_s = now_s + self._ping_s
            self._notifier.tell("WATCHDOG=1")

    def _judge(self) -> None:
        """Whether this process can still do its work; if not, it ends, and whoever looks after it starts another."""
        stuck, why = self._serving.workers.stuck, None
        self._silent_turns = 0 if self._servers.responds() else self._silent_turns + 1
        if stuck > MOST_STUCK:
            why = f"{stuck} inference threads hang"
        elif self._silent_turns > MOST_SILENT_TURNS:
            why = "the thread that talks to clients hangs"
        if why is not None and not self._beyond_mending:
            self._beyond_mending, self._serving.ready = True, False
            self._report(f"{why}: what can be answered is, then this process ends as a failure")

    def _wind_up(self, last_s: float) -> None:
        """While the last connections end: nobody is kept waiting for a thread that hangs, nor beyond `last_s`."""
        self._look_after()
        if self._now_s() >= last_s:
            self._serving.refuse_what_is_left()

    def _look_after(self) -> None:
        for found in self._serving.workers.look_after():
            self._report(found)
        self._serving.queue.expire()

    def _follow(self, bundle: ServedBundle, requests_per_s: float) -> None:
        self._governed, self._governor = bundle, self._governor_of(bundle)
        self._told = Told(self._serving, bundle, self._now_s(), requests_per_s)

    def _govern(self) -> None:
        serving = self._serving
        if serving.bundle is not self._governed:
            self._follow(serving.bundle, self._told.requests_per_s)
        serving.woken.clear()
        signals = self._told.now(self._now_s(), self._around.gauges)
        decided = self._governor.decide(signals)
        serving.parked = decided.parked
        in_use = serving.use_mode(decided.mode)
        if self._around.trace is not None:
            self._around.trace(signals)
        if self._around.clocks is not None and in_use:  # else they wait, as the switch does
            self._around.clocks.want(decided.operating_point)
