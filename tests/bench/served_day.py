"""A day of requests on a simulated board, under any policy: what was late, what it drew, how warm it became.

One server answers requests in the order they come; who has waited past the deadline is refused, as the daemon does, and
counts as late. Arrivals are Poisson with a rate that follows a working day, with
bursts; the exit of each image is drawn from the mode's expected shares. The load is *assumed*: no public trace of a
camera's requests exists. Latency and energy are the bundle's promises for the simulated board, the temperature is that
board's one heat capacity. A switch takes effect after its settle time and costs its writer's power meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from runtime.boards.simulated_heat import temperature_after
from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.mode import Mode
from runtime.governor.decide import GovernorState, decide, first_state
from runtime.governor.forecast import Forecast
from runtime.governor.offers import Offers
from runtime.governor.rules import Rules
from runtime.governor.signals import Signals

DAY_S, TICK_S = 86_400.0, 0.5


@dataclass(frozen=True, slots=True)
class Heat:
    """One heat capacity with one way out, in some air."""

    ambient_c: float
    kelvin_per_w: float
    time_constant_s: float
    throttle_c: float


@dataclass(frozen=True, slots=True)
class Held:
    """What a policy holds during a tick: an offer, and whether the clocks are parked meanwhile."""

    index: int
    parked: bool = False


class Policy(Protocol):
    """Chooses what to hold for the next tick."""

    def __call__(self, signals: Signals, busy_share: float) -> Held:
        """`busy_share` is that of the tick that has just ended."""
        ...


@dataclass(frozen=True, slots=True)
class Day:
    """What a day under one policy came to."""

    requests: int
    late_share: float
    p99_s: float
    energy_j: float
    hottest_c: float
    switches: int
    parked_share: float
    shed_share: float  # of requests, answered by another mode than the normal one


def daily_rates(peak_per_s: float, seconds: float, rng: np.random.Generator) -> FloatArray:
    """(ticks,): requests per second; a quiet night, two busy stretches, and bursts of a minute to twice the rate."""
    hour = np.arange(int(seconds / TICK_S)) * TICK_S / seconds * 24.0
    shape = 0.02 + 0.45 * np.exp(-(((hour - 9.0) / 2.0) ** 2)) + 0.5 * np.exp(-(((hour - 17.5) / 2.5) ** 2))
    rates = peak_per_s * shape
    for start in rng.integers(0, len(rates), size=max(1, int(seconds / 1800.0))):
        rates[start : start + int(60.0 / TICK_S)] *= 2.0
    return np.minimum(rates, peak_per_s)


def live_a_day(
    rates: FloatArray,
    policy: Policy,
    offers: Offers,
    modes: Mapping[str, Mode],
    rules: Rules,
    heat: Heat,
    seed: int,
) -> Day:
    """The same rates and seed give every policy the same requests."""
    rng = np.random.default_rng([seed, 7])
    prices = offers.prices({})
    place = {(offer.mode, offer.operating_point): index for index, offer in enumerate(offers.offers)}
    parked_at = int(np.lexsort((prices.prefix_s[:, -1], prices.idle_w))[0])
    cumulative = prices.shares.cumsum(axis=1)
    forecast = Forecast(modes, float(rates[0]), 0.0)
    clocks, free_s, busy_share, last_left_s = -1, 0.0, 0.0, 0.0
    temperature_c = hottest_c = heat.ambient_c + heat.kelvin_per_w * float(prices.idle_w.min())
    energy_j, switches, parked_ticks, shed, total = 0.0, 0, 0, 0, 0
    latencies: list[FloatArray] = []
    pending: FloatArray = np.zeros(0)  # when those who have not been answered yet leave
    for tick, rate in enumerate(rates):
        start_s, end_s = tick * TICK_S, (tick + 1) * TICK_S
        pending = pending[pending > start_s]
        queued = len(pending)
        rest_s = 0.0 if queued else start_s - last_left_s
        signals = Signals(start_s, queued, forecast.requests_per_s, idle_s=rest_s, temperature_c=temperature_c)
        held = policy(signals, busy_share)
        count = int(rng.poisson(rate * TICK_S))
        arrives_s, draws = np.sort(rng.uniform(start_s, end_s, count)), rng.random(count)
        waits_at = parked_at if held.parked else held.index
        parked_ticks += held.parked
        moved = clocks >= 0 and offers.offers[waits_at].operating_point != offers.offers[clocks].operating_point
        slow_point, slow_until_s = offers.offers[clocks if moved else waits_at].operating_point, start_s
        tick_j, woken_s = 0.0, end_s
        if moved:
            switches, slow_until_s = switches + 1, start_s + rules.settle_s
            tick_j += rules.switch_w * rules.write_s
        if held.parked and count:  # the first to come wakes the clocks, and is served slowly meanwhile
            woken_s = float(arrives_s[0])
            held = policy(Signals(woken_s, 1, forecast.requests_per_s, rules.deadline_s), busy_share)
            slow_point, slow_until_s = (
                offers.offers[parked_at].operating_point,
                woken_s + rules.write_s + rules.settle_s,
            )
            switches, tick_j = switches + 1, tick_j + rules.switch_w * rules.write_s
        now = parked_at if held.parked else held.index
        exits = np.minimum((draws[:, None] > cumulative[now][None, :]).sum(axis=1), cumulative.shape[1] - 1)
        takes_s, joules = prices.prefix_s[now][exits], prices.prefix_j[now][exits]
        slow = place.get((offers.offers[now].mode, slow_point), now)
        early = np.maximum(arrives_s, free_s) < slow_until_s
        takes_s = np.where(early, np.maximum(takes_s, prices.prefix_s[slow][exits]), takes_s)
        if count:
            done_s = np.cumsum(takes_s)
            begins_s = np.maximum.accumulate(np.maximum(arrives_s, free_s) - np.concatenate([[0.0], done_s[:-1]]))
            leaves_s = begins_s + done_s
            served = leaves_s - takes_s - arrives_s <= rules.deadline_s
            if not served.all():
                leaves_s, served = _one_by_one(arrives_s, takes_s, free_s, rules.deadline_s)
                takes_s, joules = takes_s * served, joules * served
            latencies.append(np.where(served, leaves_s - arrives_s, np.inf))
            free_s = last_left_s = float(np.max(leaves_s, initial=free_s, where=served))
            pending = np.concatenate([pending, leaves_s[served]])
        busy_s = float(takes_s.sum())
        tick_j += prices.idle_w[waits_at] * (woken_s - start_s) + prices.idle_w[now] * (end_s - woken_s)
        tick_j += float(joules.sum()) - busy_s * prices.idle_w[now]
        temperature_c = temperature_after(
            temperature_c, heat.ambient_c + heat.kelvin_per_w * tick_j / TICK_S, TICK_S, heat.time_constant_s
        )
        hottest_c, energy_j = max(hottest_c, temperature_c), energy_j + tick_j
        busy_share, clocks = min(1.0, busy_s / TICK_S), now
        shed, total = shed + count * (offers.offers[now].mode != rules.mode), total + count
        forecast.arrived(count, end_s)
    every = np.concatenate(latencies) if latencies else np.zeros(1)
    return Day(
        requests=total,
        late_share=float((every > rules.deadline_s).mean()),
        p99_s=float(np.sort(every)[int(0.99 * (len(every) - 1))]),
        energy_j=float(energy_j),
        hottest_c=float(hottest_c),
        switches=switches,
        parked_share=parked_ticks / len(rates),
        shed_share=shed / max(total, 1),
    )


def _one_by_one(
    arrives_s: FloatArray, takes_s: FloatArray, free_s: float, deadline_s: float
) -> tuple[FloatArray, BoolArray]:
    """When each leaves, and who is served: those who have not waited past the deadline when their turn comes."""
    leaves_s, served = arrives_s.copy(), np.ones(len(arrives_s), dtype=np.bool_)
    for index, (at_s, needs_s) in enumerate(zip(arrives_s.tolist(), takes_s.tolist(), strict=True)):
        begins_s = max(at_s, free_s)
        if begins_s - at_s > deadline_s:
            served[index] = False
            continue
        free_s = leaves_s[index] = begins_s + needs_s
    return leaves_s, served


def governed(rules: Rules, offers: Offers) -> Policy:
    """The product's governor."""
    states: list[GovernorState] = []

    def policy(signals: Signals, _busy_share: float) -> Held:
        state = states[-1] if states else first_state(signals, rules, offers)
        state, _ = decide(state, signals, rules, offers)
        states[:] = [state]
        return Held(state.index, state.parked)

    return policy


def fixed(index: int) -> Policy:
    """The same offer all day."""
    return lambda _signals, _busy_share: Held(index)


def ondemand(indices: list[int]) -> Policy:
    """As Linux's governor of that name: busier than four fifths, the fastest; less than three tenths, one step slower.

    Args:
        indices: offers of one mode, slowest first.
    """
    at = [len(indices) - 1]

    def policy(_signals: Signals, busy_share: float) -> Held:
        if busy_share > 0.8:
            at[0] = len(indices) - 1
        elif busy_share < 0.3:
            at[0] = max(0, at[0] - 1)
        return Held(indices[at[0]])

    return policy
