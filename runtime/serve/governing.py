"""The seam between the server and whatever decides its mode and clocks; fixed where nobody does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from runtime.boards.board_profile import BoardProfile
from runtime.contract.operating_point import OperatingPoint
from runtime.governor.decide import Decision, GovernorState, decide, first_state
from runtime.governor.offers import Offers
from runtime.governor.rules import Rules
from runtime.governor.rules_of import rules_of
from runtime.governor.signals import Signals

from .gauges import Gauges
from .recorder import Recorded
from .served_bundle import ServedBundle
from .serving import Serving


class Decided(Protocol):
    """What is to be served with now."""

    @property
    def mode(self) -> str:
        """Of requests that name none."""
        ...

    @property
    def operating_point(self) -> OperatingPoint:
        """The clocks to hold."""
        ...

    @property
    def parked(self) -> bool:
        """Whether those clocks are for waiting: the first request that comes is to be told at once."""
        ...


class Governor(Protocol):
    """Decides a few times a second, outside of requests."""

    def decide(self, signals: Signals) -> Decided:
        """Mode and clocks, by what is known now."""
        ...


GovernorOf = Callable[
    [ServedBundle], Governor
]  # a bundle that takes over has other modes: it gets a governor of its own


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same, at the clocks that the mode was compiled for."""

    mode: str
    operating_point: OperatingPoint
    parked: bool = False

    def decide(self, _: Signals) -> Fixed:
        """Nothing to decide."""
        return self


def fixed(mode: str | None) -> GovernorOf:
    """A mode for good; where a bundle has none of that name, its default mode."""

    def of(bundle: ServedBundle) -> Governor:
        name = mode if mode is not None and mode in bundle.modes else bundle.manifest.default_mode
        return Fixed(name, bundle.modes[name].mode.operating_point)

    return of


class Governed:
    """The governor of `runtime.governor` for one bundle: its rules and offers, and what it remembers."""

    def __init__(self, rules: Rules, offers: Offers) -> None:
        self._rules, self._offers = rules, offers
        self._state: GovernorState | None = None

    def decide(self, signals: Signals) -> Decision:
        """Mode and clocks, and what to remember of them."""
        if self._state is None:
            self._state = first_state(signals, self._rules, self._offers)
        self._state, decision = decide(self._state, signals, self._rules, self._offers)
        return decision


def governed(mode: str | None, board: BoardProfile | None, deadline_s: float) -> GovernorOf:
    """A governor that serves `mode`, or the bundle's default mode, and sheds to cheaper ones.

    Args:
        board: this machine's; its switching times and throttle temperature are taken over.
        deadline_s: that requests are to meet.
    """

    def of(bundle: ServedBundle) -> Governor:
        modes = {name: served.mode for name, served in bundle.modes.items()}
        promises = {name: served.promise for name, served in bundle.modes.items()}
        normal = mode if mode is not None and mode in modes else bundle.manifest.default_mode
        return Governed(rules_of(modes, normal, board, deadline_s), Offers(modes, promises))

    return of


def signals_of(serving: Serving, at_s: float, gauges: Gauges, since: Recorded | None) -> Signals:
    """What a governor is told now.

    Args:
        since: what had been recorded a while ago: the mix of exits is taken from then on.
    """
    recorded, recorder = serving.recorder.recorded(), serving.recorder
    queued = len(serving.queue) + serving.workers.busy
    earlier = {} if since is None else since.exits
    shares = {}
    for mode, counts in recorded.exits.items():
        before = earlier.get(mode, (0,) * len(counts))
        recent = [now - then for now, then in zip(counts, before, strict=False)]
        if total := sum(recent):
            shares[mode] = tuple(count / total for count in recent)
    return Signals(
        at_s=at_s,
        queued=queued,
        requests_per_s=recorder.requests_per_s(),
        slack_s=serving.queue.slack_s(),
        idle_s=0.0 if queued else recorder.idle_s(),
        temperature_c=gauges.temperature_c(),
        battery_share=gauges.battery_share(),
        exit_shares=shares,
    )
