"""The seam between the server and whatever decides its mode and clocks; fixed where nobody does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from runtime.boards.board_profile import BoardProfile
from runtime.contract.operating_point import OperatingPoint
from runtime.governor.decide import Decision, GovernorState, decide, first_state
from runtime.governor.forecast import Forecast
from runtime.governor.offers import Offers
from runtime.governor.rules import Rules
from runtime.governor.rules_of import promised_deadline_s, rules_of
from runtime.governor.signals import Signals

from .gauges import Gauges
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
        self.rules, self.offers = rules, offers
        self._state: GovernorState | None = None

    def decide(self, signals: Signals) -> Decision:
        """Mode and clocks, and what to remember of them."""
        if self._state is None:
            self._state = first_state(signals, self.rules, self.offers)
        self._state, decision = decide(self._state, signals, self.rules, self.offers)
        return decision


def governed(mode: str | None, board: BoardProfile | None, deadline_s: float | None) -> GovernorOf:
    """A governor that serves `mode`, or the bundle's default mode, and sheds to cheaper ones.

    Args:
        board: this machine's; its switching times and throttle temperature are taken over.
        deadline_s: that requests are to meet; None: what each bundle's promise makes sensible.
    """

    def of(bundle: ServedBundle) -> Governor:
        modes = {name: served.mode for name, served in bundle.modes.items()}
        promises = {name: served.promise for name, served in bundle.modes.items()}
        normal = mode if mode is not None and mode in modes else bundle.manifest.default_mode
        planned_s = promised_deadline_s(promises) if deadline_s is None else deadline_s
        return Governed(rules_of(modes, normal, board, planned_s), Offers(modes, promises))

    return of


class Told:
    """What the governor of one bundle is told: the state of the server now, and a forecast from what it has counted.

    A request counts once per image: that is what offers are priced in.
    """

    def __init__(self, serving: Serving, bundle: ServedBundle, at_s: float, requests_per_s: float = 0.0) -> None:
        """Start from the mix of exits that the bundle expects.

        Args:
            requests_per_s: what came until now; a rise is followed within seconds.
        """
        self._serving, self._bundle = serving, bundle
        modes = {name: served.mode for name, served in bundle.modes.items()}
        self._forecast = Forecast(modes, requests_per_s, at_s)
        self._counted = serving.recorder.recorded()

    @property
    def requests_per_s(self) -> float:
        """As forecast."""
        return self._forecast.requests_per_s

    def now(self, at_s: float, gauges: Gauges) -> Signals:
        """To be called again and again: what was counted since the last call goes into the forecast."""
        serving, before, counted = self._serving, self._counted, self._serving.recorder.recorded()
        self._counted = counted
        self._forecast.arrived(counted.asked - before.asked, at_s)
        for name, served in self._bundle.modes.items():
            exits, earlier = counted.exits.get(name, ()), before.exits.get(name, ())
            for index, count in enumerate(exits[: served.mode.policy.stages]):
                if images := count - (earlier[index] if index < len(earlier) else 0):
                    self._forecast.left(name, index, images)
        queued = len(serving.queue) + serving.workers.busy
        return Signals(
            at_s=at_s,
            queued=queued,
            requests_per_s=self.requests_per_s,
            slack_s=serving.queue.slack_s(),
            idle_s=0.0 if queued else serving.recorder.idle_s(),
            temperature_c=gauges.temperature_c(),
            battery_share=gauges.battery_share(),
            exit_shares=self._forecast.exit_shares(),
        )
