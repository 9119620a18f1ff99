"""Joules of one run out of many: how many it takes to see past the meter's steps, and what idling would have drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from runtime.contract.errors import UnitError

from .energy import Energy

LARGEST_STEP_SHARE = 0.01  # of the joules of a window: then the meter's step no longer counts


@dataclass(frozen=True, slots=True)
class PerRun:
    """One run of many. Both figures are given: what the board drew, and how much of that was due to the run."""

    energy_j: float
    uncertainty_j: float
    active_energy_j: float | None  # above idling for the same time; None where idling was not metered
    active_uncertainty_j: float | None
    idle_w: float | None
    runs: int
    total: Energy

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "energy_j": self.energy_j,
            "uncertainty_j": self.uncertainty_j,
            "active_energy_j": self.active_energy_j,
            "active_uncertainty_j": self.active_uncertainty_j,
            "idle_w": self.idle_w,
            "runs": self.runs,
            "total": self.total.to_json(),
        }


def step_share(energy: Energy) -> float:
    """How much of the joules one step of the meter is: quantum · time between two readings / joules."""
    step_j = energy.quantum_w * energy.span_s / max(energy.samples - 1, 1)
    return step_j / energy.energy_j if energy.energy_j > 0.0 else math.inf


def runs_needed(trial: Energy, runs: int, largest_share: float = LARGEST_STEP_SHARE) -> int:
    """How many runs in one window leave both the step and the uncertainty a share of at most `largest_share`.

    A step stays what it is while joules grow with the runs, and so do the edges of a window. What does grow with it the
    next trial shows: ask again with that.

    Args:
        trial: a window over `runs` runs.
    Raises:
        UnitError: no runs, or a share that is not between 0 and 1.
    """
    if runs < 1 or not 0.0 < largest_share < 1.0:
        raise UnitError(f"runs start at 1 and a share lies between 0 and 1, got {runs} and {largest_share}")
    if trial.energy_j <= 0.0:
        raise UnitError("a trial of no joules says nothing of how many runs it takes", to_do="make it longer")
    share = max(step_share(trial), trial.uncertainty_j / trial.energy_j)
    return max(runs, math.ceil(runs * share / largest_share))


def per_run(total: Energy, runs: int, idle: Energy | None = None) -> PerRun:
    """One run's share of a window over many.

    Args:
        idle: a window at the same clocks in which nothing ran.
    Raises:
        UnitError: no runs.
    """
    if runs < 1:
        raise UnitError(f"a window over runs has at least one, got {runs}")
    active_j = active_uncertainty_j = None
    if idle is not None:
        idle_uncertainty_w = idle.uncertainty_j / idle.span_s
        active_j = (total.energy_j - idle.mean_w * total.span_s) / runs
        active_uncertainty_j = math.hypot(total.uncertainty_j, idle_uncertainty_w * total.span_s) / runs
    return PerRun(
        energy_j=total.energy_j / runs,
        uncertainty_j=total.uncertainty_j / runs,
        active_energy_j=active_j,
        active_uncertainty_j=active_uncertainty_j,
        idle_w=None if idle is None else idle.mean_w,
        runs=runs,
        total=total,
    )
