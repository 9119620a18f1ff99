"""Joules of one inference: so many in one window that the meter's steps hardly count."""

from __future__ import annotations

from collections.abc import Callable

from runtime.contract.measurement import MeasuredEnergy
from runtime.energy.amortise import per_run, runs_needed
from runtime.energy.energy import Energy, Meter

from .plan import EnergyRule
from .time_source import TimeSource

GROWTH_LIMIT = 8.0  # of one window over the one before: a first guess may be far off
MARGIN = 1.2  # a window is made a little longer than the last one says is needed
FIRST_SPAN_S = 0.2


def idle_energy(meter: Meter, rule: EnergyRule, time: TimeSource) -> Energy | None:
    """What is drawn while nothing runs, at the clocks held now; None where the window was too short to know."""
    if rule.idle_s <= 0.0:
        return None
    with meter.window() as window:
        time.sleep(rule.idle_s)
    return window.energy()


def energy_per_inference(
    run_many: Callable[[int], None], latency_s: float, meter: Meter, rule: EnergyRule, idle: Energy | None
) -> MeasuredEnergy | None:
    """Run in ever longer windows until steps and uncertainty are a small share of the joules.

    Args:
        run_many: so many inferences, whole periods of them where a request rate was asked for.
        latency_s: how long one inference, or period, takes, roughly.
        idle: a window in which nothing ran, at the same clocks.
    Returns:
        The figures of the longest window, however uncertain when the time is over; None where the meter never knew.
    """
    period_s = max(latency_s, 1e-6)
    most = max(1, int(rule.max_s / period_s))
    count = min(most, max(1, int(FIRST_SPAN_S / period_s)))
    while True:
        with meter.window() as window:
            run_many(count)
        energy = window.energy()
        if energy is None or energy.energy_j <= 0.0:
            needed = int(count * GROWTH_LIMIT) + 1
        else:
            needed = runs_needed(energy, count, rule.max_uncertainty)
        if count >= min(needed, most):
            return None if energy is None else _record(energy, count, idle)
        count = min(most, int(needed * MARGIN), int(count * GROWTH_LIMIT) + 1)


def _record(energy: Energy, count: int, idle: Energy | None) -> MeasuredEnergy:
    one = per_run(energy, count, idle)
    return MeasuredEnergy(
        energy_j=one.energy_j,
        uncertainty_j=one.uncertainty_j,
        active_energy_j=one.active_energy_j,
        active_uncertainty_j=one.active_uncertainty_j,
        idle_w=one.idle_w,
        inferences=count,
        span_s=energy.span_s,
        scope=energy.scope,
        method=energy.method,
        quantum_w=energy.quantum_w,
        kind=energy.kind,
    )
