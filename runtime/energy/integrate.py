"""Joules of a stretch of time from power readings: the trapezoid rule, and how far it may be off.

Uncertainty is one standard deviation, of contributions that are added as squares:

- spread: readings scatter about the true power, or the power itself changes between them. What neighbours differ by
  tells how much; over n readings it shrinks with √n. Never less than the sensor's step leaves, q/√12 for one reading.
- step: a steady power lies somewhere between two steps, and every reading is off by the same; only noise that moves
  readings by a step averages that out, by exp(-2π²s²/q²) for noise of standard deviation s (non-subtractive dither:
  Widrow and Kollár, "Quantization Noise", 2008).
- edges: between the last reading before the window and the first one in it the power may have jumped at any moment.
- gaps: likewise where readings are missing.
- stamps: a reading was taken at some moment between the stamps before and after it.

Not in it: a sensor's own error of scale, and that a chip shows what it converted last (an INA3221 with its default
setting: up to 6.6 ms ago), which shifts a window by so much.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.boards.power_sensor import PowerReading
from runtime.contract.arrays import FloatArray

from .energy import Energy

LONGEST_GAP_PERIODS = 5.0  # without any reading; beyond, nobody knows what happened
WIDE_PERIODS = 1.5  # two readings further apart than this have missed one between them
LEAST_INSIDE = 2  # readings in the window; of fewer nobody can tell how much they scatter
LARGEST_SHARE = 0.5  # of the joules; what is less certain than this is not known
UNIFORM = 1.0 / math.sqrt(12.0)  # standard deviation of an even spread, per unit of its width
# Median of |a - b| for two draws of a normal distribution of standard deviation 1.
MEDIAN_DIFFERENCE = 0.6745 * math.sqrt(2.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading, at the middle of the time that it took."""

    at_s: float
    half_read_s: float  # from the middle to either stamp
    reading: PowerReading | None


def integrate(samples: Sequence[Sample], start_s: float, end_s: float, period_s: float) -> Energy | None:
    """Joules between two moments.

    Args:
        samples: in order of time, reaching a little beyond both ends; readings of one sensor.
        period_s: between two samples where none is missing; a sensor whose reads take longer has its own.
    Returns:
        None where the window is not covered, a gap is too long, or the uncertainty is above half of the joules.
    """
    known = [sample for sample in samples if sample.reading is not None]
    at_s = np.array([sample.at_s for sample in known])
    first = int(np.searchsorted(at_s, start_s, side="right")) - 1  # the last one not after the start
    last = int(np.searchsorted(at_s, end_s, side="left"))  # the first one not before the end
    if first < 0 or last >= len(known) or end_s <= start_s:
        return None
    known, at_s = known[first : last + 1], at_s[first : last + 1]
    half_s = np.array([sample.half_read_s for sample in known])
    readings = [sample.reading for sample in known if sample.reading is not None]
    power_w = np.array([reading.power_w for reading in readings])
    step_s = np.diff(at_s)
    usual_s = max(period_s, 2.0 * float(np.median(half_s)))
    inside = int(np.count_nonzero((at_s >= start_s) & (at_s <= end_s)))
    if inside < LEAST_INSIDE or step_s.max() > LONGEST_GAP_PERIODS * usual_s:
        return None
    quantum_w = max(reading.quantum_w for reading in readings)
    span_s = end_s - start_s
    energy_j = _trapezoid(at_s, power_w, start_s, end_s)
    uncertainty_j = math.sqrt(
        _spread_j2(power_w, quantum_w, span_s, inside)
        + _step_j2(power_w, quantum_w, span_s)
        + _edges_j2(at_s, power_w, start_s, end_s)
        + _gaps_j2(step_s, power_w, WIDE_PERIODS * usual_s)
        + _stamps_j2(half_s, power_w)
    )
    if uncertainty_j > LARGEST_SHARE * energy_j:
        return None
    return Energy(
        energy_j=energy_j,
        uncertainty_j=uncertainty_j,
        span_s=span_s,
        samples=inside,
        scope=readings[0].scope,
        method=f"{readings[0].method}, integrated",
        quantum_w=quantum_w,
        kind=readings[0].kind,
    )


def _trapezoid(at_s: FloatArray, power_w: FloatArray, start_s: float, end_s: float) -> float:
    """The polygon through the readings, cut at the window's edges."""
    within = (at_s > start_s) & (at_s < end_s)
    corners_s = np.concatenate(([start_s], at_s[within], [end_s]))
    corners_w = np.interp(corners_s, at_s, power_w)
    return float(np.sum(0.5 * (corners_w[1:] + corners_w[:-1]) * np.diff(corners_s)))


def _spread_j2(power_w: FloatArray, quantum_w: float, span_s: float, inside: int) -> float:
    scatter_w2 = float(np.mean(np.diff(power_w) ** 2)) / 2.0
    return span_s**2 * max(scatter_w2, (quantum_w * UNIFORM) ** 2) / inside


def _step_j2(power_w: FloatArray, quantum_w: float, span_s: float) -> float:
    # By the median, so that a load that comes and goes is not taken for noise that averages steps out.
    seen_w = float(np.median(np.abs(np.diff(power_w)))) / MEDIAN_DIFFERENCE
    noise_w2 = max(seen_w**2 - (quantum_w * UNIFORM) ** 2, 0.0)
    left = math.exp(-4.0 * math.pi**2 * noise_w2 / quantum_w**2)
    return (span_s * quantum_w * UNIFORM) ** 2 * left


def _edges_j2(at_s: FloatArray, power_w: FloatArray, start_s: float, end_s: float) -> float:
    at_start_j = (power_w[1] - power_w[0]) * (at_s[1] - start_s) * UNIFORM
    at_end_j = (power_w[-1] - power_w[-2]) * (end_s - at_s[-2]) * UNIFORM
    return float(at_start_j**2 + at_end_j**2)


def _gaps_j2(step_s: FloatArray, power_w: FloatArray, wide_s: float) -> float:
    jumps_j = np.diff(power_w) * step_s * UNIFORM
    return float(np.sum(jumps_j[step_s > wide_s] ** 2))


def _stamps_j2(half_s: FloatArray, power_w: FloatArray) -> float:
    """A corner that moves by dt sideways moves the area by dt times half the difference of its neighbours."""
    moved_w = 0.5 * (power_w[2:] - power_w[:-2])
    return float(np.sum((moved_w * 2.0 * half_s[1:-1] * UNIFORM) ** 2))
