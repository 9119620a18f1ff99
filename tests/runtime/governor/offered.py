"""A bundle's modes and promises for governors to choose from: two networks, three clocks each."""

from __future__ import annotations

from runtime.contract.clock_costs import ClockCosts
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.kind import Kind
from runtime.contract.mode import Mode
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.promise import Promise
from runtime.governor.offers import Offers
from runtime.governor.rules import Rules

SLOW, MIDDLE, FAST = (OperatingPoint(hz, hz, 2 * hz) for hz in (3 * 10**8, 6 * 10**8, 10**9))
IDLE_W = {SLOW: 4.0, MIDDLE: 4.6, FAST: 6.0}
BUSY_W = {SLOW: 6.0, MIDDLE: 8.0, FAST: 13.0}
SPEED = {SLOW: 0.3, MIDDLE: 0.6, FAST: 1.0}
FULL_S = {"balanced": (0.004, 0.006), "frugal": (0.002, 0.003)}  # per stage, at the fastest clocks
SHARES = {"balanced": (0.7, 0.3), "frugal": (0.9, 0.1)}


def costs(mode: str, point: OperatingPoint) -> ClockCosts:
    latency_s = tuple(full_s / SPEED[point] for full_s in FULL_S[mode])
    return ClockCosts(point, latency_s, tuple(BUSY_W[point] * s for s in latency_s), IDLE_W[point])


def modes() -> dict[str, Mode]:
    return {name: Mode(name, name, ExitPolicy((0.5,)), FAST, exit_shares=SHARES[name]) for name in FULL_S}


def promises() -> dict[str, Promise]:
    found = {}
    for name in FULL_S:
        own, *others = (costs(name, point) for point in (FAST, SLOW, MIDDLE))
        found[name] = Promise(
            own.stage_latency_s, own.stage_energy_j, own.idle_w, Kind.ASSUMED, "a board of the tests", tuple(others)
        )
    return found


def offers() -> Offers:
    return Offers(modes(), promises())


RULES = Rules(mode="balanced", shed_to=("frugal",), deadline_s=0.1, throttle_c=90.0)
