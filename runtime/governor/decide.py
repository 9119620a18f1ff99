"""Which mode at which clocks now: a pure function of what is known, what was decided last, and the rules.

Of the offers that keep the deadline under the heat's ceiling, the one that draws least is wanted, at the forecast rate
and waiting included. The normal mode comes first; cheaper ones are shed to where it cannot keep the deadline, where
the board nears the temperature at which it would slow itself down, or where the battery is low; and it returns. With
nothing to do for as long as two switches would cost in energy, the clocks are parked (the rule for renting skis: never
more than twice the waiting energy of one who knows the future).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.operating_point import OperatingPoint

from .offers import Offers, Prices
from .rules import Rules
from .signals import Signals

HEAT_STEP_S = 5.0  # a heat sink answers in minutes; asking more often would overshoot
STEP_DOWN, STEP_UP = 0.93, 1.04  # of the heat's ceiling on power, per step
CLEARED_S = 1.0  # a backlog counts as if it were to be served within that long
PLANNED_LATE = 0.5  # of the share that may be late: forecasts err
RETURN_HEADROOM = 1.15  # a better mode must be on time at so much more than the planned rate before it returns


@dataclass(frozen=True, slots=True)
class GovernorState:
    """What a governor remembers between two moments."""

    index: int  # of the offer it serves
    since_s: float  # when the clocks were last switched
    parked: bool = False
    ceiling_w: float | None = None  # what heat allows to be drawn; None: anything
    ceiling_since_s: float = -np.inf
    battery_low: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to hold now, and why in a few words."""

    mode: str
    operating_point: OperatingPoint  # where parked, the one that waits cheapest
    parked: bool
    why: str
    drawn_w: float  # as predicted, at the forecast rate


def first_state(signals: Signals, rules: Rules, offers: Offers) -> GovernorState:
    """The normal mode at its own clocks, as if just switched to. Raises ConfigError where a rule names no mode."""
    for mode in rules.modes:
        offers.of_mode(mode)
    return GovernorState(int(np.argmax(offers.of_mode(rules.mode))), signals.at_s)


def decide(state: GovernorState, signals: Signals, rules: Rules, offers: Offers) -> tuple[GovernorState, Decision]:
    """The next state and what it means. The same arguments, the same answer."""
    signals = _with_backlog(signals)
    prices = offers.prices(signals.exit_shares)
    drawn_w = prices.drawn_w(signals.requests_per_s)
    state = _with_battery(_with_heat(state, signals, rules, drawn_w), signals, rules)
    may_switch = signals.at_s - state.since_s >= rules.dwell_s
    waking = state.parked and signals.queued > 0
    if state.parked and not waking:
        return state, _decision(state, offers, prices, drawn_w, "parked")
    index, why = _wanted(state, signals, rules, offers, prices, drawn_w, free=may_switch or waking)
    moved = offers.offers[index].operating_point != offers.offers[state.index].operating_point
    since_s = signals.at_s if moved or waking else state.since_s
    state = replace(state, index=index, since_s=since_s, parked=False)
    if waking:
        why = f"woken; {why}"
    elif may_switch and not moved and _worth_parking(state, signals, rules, prices):
        state, why = replace(state, parked=True, since_s=signals.at_s), "parked: nothing to do"
    return state, _decision(state, offers, prices, drawn_w, why)


def _with_backlog(signals: Signals) -> Signals:
    """What waits is work, too: it comes on top of the forecast, to be cleared within a moment."""
    waiting = max(signals.queued - 1, 0)
    return replace(signals, requests_per_s=signals.requests_per_s + waiting / CLEARED_S) if waiting else signals


def _wanted(
    state: GovernorState,
    signals: Signals,
    rules: Rules,
    offers: Offers,
    prices: Prices,
    drawn_w: FloatArray,
    *,
    free: bool,
) -> tuple[int, str]:
    """The offer to serve and why; where not `free`, among those at the clocks held now."""
    held = offers.offers[state.index]
    reachable = np.array([free or offer.operating_point == held.operating_point for offer in offers.offers])
    cool = reachable & (drawn_w <= (np.inf if state.ceiling_w is None else state.ceiling_w))
    modes = rules.modes[-1:] if state.battery_low else rules.modes
    served = rules.modes.index(held.mode) if held.mode in rules.modes else 0
    for mode in modes:
        returning = rules.modes.index(mode) < served
        on_time = _on_time(signals, rules, prices, RETURN_HEADROOM if returning else 1.0)
        kept = offers.of_mode(mode) & cool & on_time
        if not kept.any():
            continue
        best = int(np.argmin(np.where(kept, drawn_w, np.inf)))
        if kept[state.index] and drawn_w[best] > (1.0 - rules.gain) * drawn_w[state.index]:
            best = state.index
        return best, _reason(mode, state, rules, offers, on_time, reachable)
    allowed = _any_of(modes, offers) & cool
    if not allowed.any():
        allowed = _any_of(modes, offers) & reachable
        if not allowed.any():
            return state.index, "held: nothing else at these clocks"
        return int(np.argmin(np.where(allowed, drawn_w, np.inf))), "hot: what draws least"
    late = np.where(allowed, prices.late_share(signals.requests_per_s, rules.deadline_s), np.inf)
    soonest = np.where(late <= late.min() + 1e-9, prices.latency_s, np.inf)
    return int(np.argmin(soonest)), "overloaded: what is late least"


def _on_time(signals: Signals, rules: Rules, prices: Prices, more: float) -> BoolArray:
    """(offers,): which would keep the deadline at the planned rate, and clear what waits."""
    planned = signals.requests_per_s * rules.headroom * more
    late = prices.late_share(planned, rules.deadline_s)
    kept: BoolArray = (
        (late <= PLANNED_LATE * (1.0 - rules.on_time))
        & (prices.busy_share(planned) <= rules.busiest)
        & prices.clears(signals.queued, signals.slack_s)
    )
    return kept


def _reason(
    mode: str, state: GovernorState, rules: Rules, offers: Offers, on_time: BoolArray, reachable: BoolArray
) -> str:
    if mode == rules.mode:
        return "cheapest on time"
    if state.battery_low:
        return "shed: battery low"
    normal_in_time = (offers.of_mode(rules.mode) & on_time & reachable).any()
    return "shed: heat" if normal_in_time and state.ceiling_w is not None else "shed: deadline"


def _any_of(modes: tuple[str, ...], offers: Offers) -> BoolArray:
    found: BoolArray = np.logical_or.reduce([offers.of_mode(mode) for mode in modes])
    return found


def _with_heat(state: GovernorState, signals: Signals, rules: Rules, drawn_w: FloatArray) -> GovernorState:
    """The ceiling lowered step by step while the board is too warm, raised again once it has cooled down."""
    if rules.throttle_c is None or signals.temperature_c is None:
        return state
    if signals.at_s - state.ceiling_since_s < HEAT_STEP_S:
        return state
    soft_c = rules.throttle_c - rules.margin_c
    if signals.temperature_c >= soft_c:
        now_w = float(drawn_w[state.index])
        least_w = float(drawn_w.min())
        ceiling_w = STEP_DOWN * min(now_w, np.inf if state.ceiling_w is None else state.ceiling_w)
        return replace(state, ceiling_w=max(ceiling_w, least_w), ceiling_since_s=signals.at_s)
    if state.ceiling_w is not None and signals.temperature_c <= soft_c - rules.release_c:
        raised_w: float | None = STEP_UP * state.ceiling_w
        if raised_w is not None and raised_w >= float(drawn_w.max()):
            raised_w = None
        return replace(state, ceiling_w=raised_w, ceiling_since_s=signals.at_s)
    return state


def _with_battery(state: GovernorState, signals: Signals, rules: Rules) -> GovernorState:
    if signals.battery_share is None:
        return replace(state, battery_low=False)
    released = signals.battery_share >= rules.low_battery + rules.battery_release
    low = signals.battery_share < rules.low_battery or (state.battery_low and not released)
    return replace(state, battery_low=low)


def _worth_parking(state: GovernorState, signals: Signals, rules: Rules, prices: Prices) -> bool:
    """Whether nothing has come for as long as two switches cost in energy, and whoever comes next is still on time."""
    if not rules.park or signals.queued > 0:
        return False
    saved_w = float(prices.idle_w[state.index] - prices.idle_w.min())
    if saved_w <= 0.0 or signals.idle_s < 2.0 * rules.write_s * rules.switch_w / saved_w:
        return False
    woken_s = rules.write_s + rules.settle_s
    late = prices.late_share(signals.requests_per_s * rules.headroom, rules.deadline_s, woken_s)
    return bool(late[state.index] <= PLANNED_LATE * (1.0 - rules.on_time))


def _decision(state: GovernorState, offers: Offers, prices: Prices, drawn_w: FloatArray, why: str) -> Decision:
    offer = offers.offers[state.index]
    if not state.parked:
        return Decision(offer.mode, offer.operating_point, False, why, float(drawn_w[state.index]))
    parked = int(np.lexsort((prices.prefix_s[:, -1], prices.idle_w))[0])
    return Decision(offer.mode, offers.offers[parked].operating_point, True, why, float(prices.idle_w[parked]))
