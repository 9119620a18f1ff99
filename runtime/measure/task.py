"""Measures one subject at one operating point, in two halves with other work between them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from runtime.boards.clocks import ClockRefused, Clocks, held_at
from runtime.boards.thermometer import Thermometer
from runtime.contract.arrays import FloatArray
from runtime.contract.measurement import MeasuredEnergy, Measurement, Prefix
from runtime.contract.operating_point import OperatingPoint

from .amortised_energy import energy_per_inference, idle_energy
from .apparatus import Apparatus
from .network import Network
from .pace import Pace
from .plan import REFUSE, Plan, Point
from .statistics import latency_stats, relative_difference
from .time_source import TimeSource
from .warm_up import WarmedUp, warm_up

LATE_SHARE = 0.01  # of the runs; above it the rate asked for was not the rate there was
TOO_SHORT = "the meter could not tell the joules of a window as long as the plan allows"


@dataclass(frozen=True, slots=True)
class Half:
    """Half of a task's runs, on a network loaded for them alone."""

    prefixes_s: FloatArray  # (runs, stages): from the image until that stage had run
    energies: tuple[MeasuredEnergy | None, ...]  # per stage; empty where this half was not metered
    warm: WarmedUp
    late: int
    taken: float  # share of its time in which the thread had no processor, in the middle run
    pinned: bool
    applied: OperatingPoint | None
    at_the_end: OperatingPoint | None
    start_c: float | None
    end_c: float | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A measurement before its surroundings are known: `record` carries what it says against itself."""

    record: Measurement
    drift: float  # between its two halves

    @property
    def rank(self) -> tuple[int, float]:
        """Of several attempts the one with the smallest rank is kept."""
        return len(self.record.why_noisy), self.drift


def measure_half(
    network: Network, point: Point, plan: Plan, apparatus: Apparatus, time: TimeSource, *, metered: bool
) -> Half:
    """Set the clocks, warm up, time every prefix, meter every prefix if asked to, and put the clocks back.

    Raises:
        ClockRefused: the clocks are not to be had, and the plan does not take those found instead.
        EngineError: a stage fails.
    """
    with ExitStack() as stack:
        pinned = _pin(stack, apparatus.clocks, point, plan)
        applied = _current(apparatus.clocks)
        warm = warm_up(_latency(network, time), plan.warm_up, apparatus.thermometer, time.now_s)
        start_c = _read_c(apparatus.thermometer)
        stamps_s, late, taken = _timed(network, plan, time)
        prefixes_s = stamps_s[:, 1:] - stamps_s[:, :1]
        energies = _metered(network, prefixes_s, plan, apparatus, time) if metered else ()
        end_c = _read_c(apparatus.thermometer)
        at_the_end = _current(apparatus.clocks)
    return Half(prefixes_s, energies, warm, late, taken, pinned, applied, at_the_end, start_c, end_c)


def joined(
    name: str, point: Point, first: Half, second: Half, plan: Plan, apparatus: Apparatus, time: TimeSource
) -> Attempt:
    """The record of a task whose second half was metered."""
    medians_s = [latency_stats(half.prefixes_s[:, -1], plan.keep).median_s for half in (first, second)]
    drift = relative_difference(*medians_s)
    reasons = _against_itself(plan, drift, first, second)
    if apparatus.meter is None:
        why_no_energy = apparatus.why_no_energy
    else:
        why_no_energy = TOO_SHORT if any(energy is None for energy in second.energies) else None
    prefixes_s = np.concatenate([first.prefixes_s, second.prefixes_s])
    record = Measurement(
        subject=name,
        requested=point,
        applied=second.applied,
        pinned=first.pinned and second.pinned,
        load=plan.load,
        prefixes=tuple(
            Prefix(latency_stats(prefixes_s[:, k], plan.keep), energy) for k, energy in enumerate(second.energies)
        ),
        why_no_energy=why_no_energy,
        temperature_start_c=first.start_c,
        temperature_end_c=second.end_c,
        warm_up_runs=first.warm.runs + second.warm.runs,
        steady=first.warm.steady and second.warm.steady,
        attempts=1,
        noisy=bool(reasons),
        why_noisy=reasons,
        kind=apparatus.kind,
        monotonic_s=time.now_s(),
        wall=time.wall(),
    )
    return Attempt(record, drift)


def reference_latency(network: Network, point: Point, plan: Plan, apparatus: Apparatus, time: TimeSource) -> float:
    """Median latency of the reference through every stage [s], warmed up, back to back."""
    with ExitStack() as stack:
        _pin(stack, apparatus.clocks, point, plan)
        run = _latency(network, time)
        warm_up(run, plan.warm_up, apparatus.thermometer, time.now_s)
        return latency_stats(np.array([run() for _ in range(plan.runs)]), plan.keep).median_s


def _pin(stack: ExitStack, clocks: Clocks | None, point: Point, plan: Plan) -> bool:
    if clocks is None or point is None:
        return False
    try:
        stack.enter_context(held_at(clocks, point))
    except ClockRefused:
        if plan.without_clocks == REFUSE:
            raise
        return False
    return True


def _latency(network: Network, time: TimeSource) -> Callable[[], float]:
    def run() -> float:
        stamps_s = network.run(network.depth, time.now_s)
        return stamps_s[-1] - stamps_s[0]

    return run


def _timed(network: Network, plan: Plan, time: TimeSource) -> tuple[FloatArray, int, float]:
    """Stamps (half of the runs, stages + 1) in seconds, how many runs began late, and what others took."""
    pace = Pace(plan.requests_per_s, time)
    stamps_s = np.empty(((plan.runs + 1) // 2, network.depth + 1))
    on_cpu_s = np.empty(len(stamps_s))
    for i in range(len(stamps_s)):
        pace.wait()
        start_s = time.cpu_s()
        stamps_s[i] = network.run(network.depth, time.now_s)
        on_cpu_s[i] = time.cpu_s() - start_s
    spans_s = stamps_s[:, -1] - stamps_s[:, 0]
    return stamps_s, pace.late, max(0.0, 1.0 - float(np.median(on_cpu_s / spans_s)))


def _metered(
    network: Network, prefixes_s: FloatArray, plan: Plan, apparatus: Apparatus, time: TimeSource
) -> tuple[MeasuredEnergy | None, ...]:
    """Energy of each prefix; at a request rate, of the whole period."""
    meter = apparatus.meter
    if meter is None:
        return (None,) * network.depth
    idle = idle_energy(meter, plan.energy, time)
    found: list[MeasuredEnergy | None] = []
    for depth in range(1, network.depth + 1):

        def run_many(count: int, depth: int = depth) -> None:
            pace = Pace(plan.requests_per_s, time)
            for _ in range(count):
                pace.wait()
                network.run(depth, time.now_s)
            pace.wait()  # the waiting after the last inference belongs to it

        period_s = 0.0 if plan.requests_per_s is None else 1.0 / plan.requests_per_s
        latency_s = max(float(np.median(prefixes_s[:, depth - 1])), period_s)
        found.append(energy_per_inference(run_many, latency_s, meter, plan.energy, idle))
    return tuple(found)


def _against_itself(plan: Plan, drift: float, *halves: Half) -> tuple[str, ...]:
    """What a measurement says against itself, before the reference is asked."""
    reasons = []
    if drift > plan.quality.max_spread:
        reasons.append(f"its two halves differ by {drift:.1%}")
    if (taken := max(half.taken for half in halves)) > plan.quality.max_spread:
        reasons.append(f"other programs had the processor for {taken:.0%} of a usual run")
    if not all(half.warm.steady for half in halves):
        reasons.append(f"not steady after {plan.warm_up.max_s:g} s of warm-up")
    late, runs = sum(half.late for half in halves), sum(len(half.prefixes_s) for half in halves)
    if late > LATE_SHARE * runs:
        reasons.append(f"{late} of {runs} requests began late: the rate cannot be served")
    reasons.extend(
        f"the clocks changed from {half.applied} to {half.at_the_end}"
        for half in halves
        if half.pinned and half.applied != half.at_the_end
    )
    return tuple(reasons)


def _read_c(thermometer: Thermometer | None) -> float | None:
    return None if thermometer is None else thermometer.read_c()


def _current(clocks: Clocks | None) -> OperatingPoint | None:
    return None if clocks is None else clocks.current()
