"""Served cells as rows of one regression: logarithms of seconds, watts at work and watts between images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import StageWork
from runtime.contract.operating_point import OperatingPoint

from .cost_equations import CostEquations, Costs, Pieces
from .served_costs import Served, ServedCosts

TIME, POWER, IDLE = 0, 1, 2
KINDS = ("time", "power at work", "power between images")
EFFICIENCY = np.pi / 2  # a median's variance over a mean's
Stages = tuple[StageWork, ...]
LEAST_ROWS = 5  # images of a cell
LEAST_SPREAD = 0.02  # of the logarithm of one image


@dataclass(frozen=True, slots=True)
class Observations:
    """(rows,) each."""

    kind: IntArray
    unit: IntArray
    value: FloatArray  # natural logarithm
    variance: FloatArray  # of it, from images that scatter
    images: IntArray  # or minutes
    pieces: Pieces
    points: tuple[OperatingPoint, ...]
    units: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.value)

    def predicted(self, costs: Costs) -> tuple[FloatArray, FloatArray]:
        """What the equations say of each row, and its derivatives, (rows, terms + works)."""
        power, idle = (self.kind == POWER), (self.kind == IDLE)
        value = np.where(power, costs.ln_j - costs.ln_s, np.where(idle, costs.ln_idle_w, costs.ln_s))
        by = np.where(power[:, None], costs.by_j - costs.by_s, np.where(idle[:, None], costs.by_idle, costs.by_s))
        return value, by


@dataclass(frozen=True, slots=True)
class _Row:
    kind: int
    unit: str
    measured: float
    spread: float
    images: int
    counts: FloatArray
    entries: float
    point: OperatingPoint

    @property
    def variance(self) -> float:
        """Of the logarithm of a median: few images say little of how they scatter, so that no scatter is tiny."""
        return EFFICIENCY * max(self.spread, LEAST_SPREAD) ** 2 / self.images


def observations_of(
    served: ServedCosts, designs: Mapping[Served, Stages], equations: CostEquations, least_rows: int = LEAST_ROWS
) -> Observations:
    """One row per cell of at least so many images, or minutes.

    Raises:
        KeyError: a cell of a mode that is no design.
    """
    prefixes = {served_as: equations.prefixes(stages) for served_as, stages in designs.items()}
    rows: list[_Row] = []
    for time in served.times:
        counts, entries = prefixes[time.served]
        run = counts[time.exit_index], float(entries[time.exit_index])
        rows.append(_Row(TIME, time.unit, time.median_s, time.spread, time.rows, *run, time.point))
    for power in served.powers:
        counts, entries = prefixes[power.served]
        shares = np.asarray(power.exits) / sum(power.exits)
        run = shares @ counts, float(shares @ entries)
        rows.append(_Row(POWER, power.unit, power.power_w, power.spread, power.rows, *run, power.point))
    any_work = np.eye(1, len(equations.works))[0]  # idle watts do not ask what would run
    rows += [
        _Row(IDLE, idle.unit, idle.idle_w, idle.spread, idle.minutes, any_work, 1.0, idle.point)
        for idle in served.idles
    ]
    rows = [row for row in rows if row.images >= least_rows]
    points, units = sorted({row.point for row in rows}), sorted({row.unit for row in rows})
    return Observations(
        np.asarray([row.kind for row in rows], dtype=np.int64),
        np.asarray([units.index(row.unit) for row in rows], dtype=np.int64),
        np.log([row.measured for row in rows]),
        np.asarray([row.variance for row in rows]),
        np.asarray([row.images for row in rows], dtype=np.int64),
        Pieces(
            np.asarray([row.counts for row in rows]).reshape(-1, len(equations.works)),
            np.asarray([row.entries for row in rows]),
            np.asarray([points.index(row.point) for row in rows], dtype=np.int64),
        ),
        tuple(points),
        tuple(units),
    )
