"""What a bundle offers a governor: every mode at every operating point, priced under a mix of exits.

Energy and latency are the promise's (`predictor.json`), weighted by how often each exit is expected to be taken, as the
one accounting has it. What a request waits before it is served is that of one server with Poisson arrivals: mean wait
from Pollaczek and Khinchine, its tail exponential (Kingman's heavy-traffic form), which errs to the safe side below
saturation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.clock_costs import ClockCosts
from runtime.contract.cost import reach_shares
from runtime.contract.errors import ConfigError
from runtime.contract.mode import Mode
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.promise import Promise


@dataclass(frozen=True, slots=True)
class Offer:
    """A mode at an operating point."""

    mode: str
    operating_point: OperatingPoint


@dataclass(frozen=True, slots=True)
class Prices:
    """All offers under one mix of exits: columns (offers,), but prefixes and shares (offers, stages).

    Modes of fewer stages are filled up with exits that nobody takes.
    """

    prefix_s: FloatArray  # latency of an image that leaves at each exit
    prefix_j: FloatArray  # its energy, back to back
    shares: FloatArray
    latency_s: FloatArray  # expected
    energy_j: FloatArray  # expected, back to back
    idle_w: FloatArray

    def drawn_w(self, requests_per_s: float) -> FloatArray:
        """Board power at a rate that can be served, waiting included; beyond, that of one that never rests."""
        rate = np.minimum(requests_per_s, 1.0 / self.latency_s)
        drawn: FloatArray = self.idle_w + rate * (self.energy_j - self.idle_w * self.latency_s)
        return drawn

    def busy_share(self, requests_per_s: float) -> FloatArray:
        """How much of the time a server would be busy; above 1 it cannot follow."""
        return requests_per_s * self.latency_s

    def late_share(self, requests_per_s: float, deadline_s: float, extra_s: float = 0.0) -> FloatArray:
        """Expected share of requests answered after `deadline_s`, 1 where the rate cannot be served.

        Args:
            extra_s: added to the service of a request that finds nobody waiting, such as waking from parked clocks.
        """
        busy = self.busy_share(requests_per_s)
        second_moment = (self.shares * self.prefix_s**2).sum(axis=1)
        spare = np.maximum(1.0 - busy, np.finfo(np.float64).tiny)
        mean_wait_s = requests_per_s * second_moment / (2.0 * spare)
        room_s = deadline_s - self.prefix_s
        steepness = busy / np.maximum(mean_wait_s, np.finfo(np.float64).tiny)
        tail = np.where(room_s < 0, 1.0, busy[:, None] * np.exp(-steepness[:, None] * np.maximum(room_s, 0.0)))
        tail = np.minimum(tail, 1.0)
        if extra_s:
            tail = np.minimum(1.0, tail + np.where(room_s < extra_s, np.maximum(1.0 - busy, 0.0)[:, None], 0.0))
        late: FloatArray = np.where(busy < 1.0, (self.shares * tail).sum(axis=1), 1.0)
        return late

    def clears(self, queued: int, slack_s: float | None) -> BoolArray:
        """Whether what waits is answered in time, the last of it at full depth."""
        if slack_s is None or queued == 0:
            return np.ones(len(self.latency_s), dtype=np.bool_)
        cleared: BoolArray = (queued - 1) * self.latency_s + self.prefix_s[:, -1] <= slack_s
        return cleared


class Offers:
    """Every mode at its own clocks and at those its promise prices besides. Raises ConfigError on an unknown mode."""

    def __init__(self, modes: Mapping[str, Mode], promises: Mapping[str, Promise]) -> None:
        if missing := sorted(modes.keys() - promises.keys()):
            raise ConfigError(f"no promise for the modes {missing}", to_do="compile the bundle again")
        rows: list[tuple[Offer, ClockCosts]] = []
        for name, mode in modes.items():
            promise = promises[name]
            own = ClockCosts(mode.operating_point, promise.stage_latency_s, promise.stage_energy_j, promise.idle_w)
            rows += [(Offer(name, costs.operating_point), costs) for costs in (own, *promise.at_other_clocks)]
        self.offers = tuple(offer for offer, _ in rows)
        self.stages = {name: len(promises[name].stage_latency_s) for name in modes}
        self._expected = {
            name: mode.exit_shares or (*(0.0,) * (self.stages[name] - 1), 1.0) for name, mode in modes.items()
        }
        deepest = max(self.stages.values())
        self._latency_s = np.array([_filled(costs.stage_latency_s, deepest) for _, costs in rows])
        self._energy_j = np.array([_filled(costs.stage_energy_j, deepest) for _, costs in rows])
        self._idle_w = np.array([costs.idle_w for _, costs in rows])
        self._mode_rows = {
            name: np.array([offer.mode == name for offer in self.offers], dtype=np.bool_) for name in modes
        }
        self._priced = lru_cache(maxsize=8)(self._price)  # a mix changes far less often than signals do

    def of_mode(self, name: str) -> BoolArray:
        """(offers,): which are of that mode. Raises ConfigError where there is none of that name."""
        if name not in self._mode_rows:
            raise ConfigError(f"the bundle has no mode {name!r}", to_do=f"use one of {', '.join(self._mode_rows)}")
        return self._mode_rows[name]

    def prices(self, exit_shares: Mapping[str, tuple[float, ...]]) -> Prices:
        """Under a forecast mix of exits by mode; modes without a fitting one as the bundle expects."""
        mix = tuple(
            given if len(given := exit_shares.get(name, ())) == stages else self._expected[name]
            for name, stages in self.stages.items()
        )
        return self._priced(mix)

    def _price(self, mix: tuple[tuple[float, ...], ...]) -> Prices:
        deepest = self._latency_s.shape[1]
        shares = np.zeros_like(self._latency_s)
        reach = np.zeros_like(self._latency_s)
        for name, of_mode in zip(self.stages, mix, strict=True):
            row = np.array(_filled(of_mode, deepest))
            row /= row.sum()
            shares[self._mode_rows[name]], reach[self._mode_rows[name]] = row, reach_shares(row)
        return Prices(
            prefix_s=np.cumsum(self._latency_s, axis=1),
            prefix_j=np.cumsum(self._energy_j, axis=1),
            shares=shares,
            latency_s=(reach * self._latency_s).sum(axis=1),
            energy_j=(reach * self._energy_j).sum(axis=1),
            idle_w=self._idle_w,
        )


def _filled(values: tuple[float, ...], length: int) -> tuple[float, ...]:
    return (*values, *(0.0,) * (length - len(values)))
