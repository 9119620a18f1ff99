"""The Bayesian linear update: what was shipped is the prior, served costs the evidence, one hierarchy for all units.

    ln(served) = ln(equations at the logarithms learnt) + clock effect + unit effect + noise

The equations are made linear at the present estimate and updated again until they stand still (Gauss-Newton), variances
are learnt meanwhile. A unit has three effects of its own: on time, on idle power, on what work draws above it; they are
drawn to nothing, the more so the less units differ, so that the rest is what the kind of board has in common.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError

from .clock_effect import Anchors, ClockPlane
from .cost_equations import CostEquations, Costs
from .observations import IDLE, POWER, TIME, Observations
from .variances import (
    CLOCK_POWER,
    CLOCK_TIME,
    TERMS,
    UNIT_ACTIVE,
    UNIT_IDLE,
    UNIT_TIME,
    WORKS,
    Variances,
    heavy_tailed,
)

ROUNDS = 12
INNER = 6  # updates of the variances per round
STILL = 1e-4
LONGEST = 1.0  # step of a logarithm in one round


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything learnt stands: terms, pieces of work, clock effects, unit effects."""

    terms: int
    works: int
    anchors: int
    units: int

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.terms + self.works + 2 * self.anchors + 3 * self.units

    @property
    def equations(self) -> slice:
        """What `CostEquations` takes."""
        return slice(0, self.terms + self.works)

    @property
    def groups(self) -> Mapping[str, slice]:
        """Effects that share a variance."""
        sizes = {
            TERMS: self.terms,
            WORKS: self.works,
            CLOCK_TIME: self.anchors,
            CLOCK_POWER: self.anchors,
            UNIT_TIME: self.units,
            UNIT_IDLE: self.units,
            UNIT_ACTIVE: self.units,
        }
        found, first = {}, 0
        for name, size in sizes.items():
            found[name] = slice(first, first + size)
            first += size
        return found


@dataclass(frozen=True, slots=True)
class Posterior:
    """What is known of a kind of board after so much was served."""

    equations: CostEquations
    anchors: Anchors
    layout: Layout
    units: tuple[str, ...]
    mean: FloatArray  # (layout.size,)
    covariance: FloatArray
    variances: Variances
    shipped_error: FloatArray  # (rows,), ln(served / shipped)
    residual: FloatArray  # (rows,), ln(served / refined), unit effects included
    observations: Observations

    @property
    def learnt(self) -> FloatArray:
        """What the equations take."""
        return self.mean[self.layout.equations]


def updated(equations: CostEquations, observed: Observations) -> Posterior:
    """Fold what was served into the equations.

    Raises:
        DataError: nothing was served.
    """
    if not len(observed):
        raise DataError("no cell of the telemetry holds enough images", to_do="serve longer, or lower --min-rows")
    anchors = Anchors.at(ClockPlane.of(equations.board), observed.points)
    layout = Layout(len(equations.terms), len(equations.works), len(observed.points), len(observed.units))
    variances = Variances.guessed()
    mean: FloatArray = np.zeros(layout.size)
    weight: FloatArray = np.ones(len(observed))
    first_error: FloatArray | None = None
    for _ in range(ROUNDS):
        costs = equations.costs(observed.pieces, observed.points, mean[layout.equations])
        said, by = observed.predicted(costs)
        design = _design(observed, costs, by, anchors, layout)
        first_error = observed.value - said if first_error is None else first_error
        target = observed.value - said + by @ mean[layout.equations]
        before = mean
        for _ in range(INNER):
            prior = prior_variances(equations, layout, variances)
            noise = variances.of_rows(observed.kind, observed.variance)
            mean, covariance = _posterior(design, target, noise / weight, prior)
            residual = target - design @ mean
            fitted = np.einsum("ij,jk,ik->i", design, covariance, design)
            weight = heavy_tailed(residual, noise)
            squares = (mean**2 + np.diag(covariance)) / _units(equations, layout)
            variances = variances.learnt(
                layout.groups, squares, observed.kind, observed.variance, residual, fitted, weight
            )
        step = mean - before
        mean = before + np.clip(step, -LONGEST, LONGEST)
        if np.abs(step).max() < STILL:
            break
    return Posterior(
        equations,
        anchors,
        layout,
        observed.units,
        mean,
        covariance,
        variances,
        first_error if first_error is not None else np.zeros(0),
        residual,
        observed,
    )


def prior_variances(equations: CostEquations, layout: Layout, variances: Variances) -> FloatArray:
    """(layout.size,)."""
    prior = _units(equations, layout)
    for name, where in layout.groups.items():
        prior[where] *= variances.effects[name]
    return prior


def _units(equations: CostEquations, layout: Layout) -> FloatArray:
    """(layout.size,): variances that groups' variances are multiples of; a term's is its own."""
    units: FloatArray = np.ones(layout.size)
    units[: layout.terms] = [term.prior_sd**2 for term in equations.terms]
    return units


def _design(observed: Observations, costs: Costs, by: FloatArray, anchors: Anchors, layout: Layout) -> FloatArray:
    """(rows, layout.size): what each row changes by with everything learnt."""
    design = np.zeros((len(observed), layout.size))
    design[:, layout.equations] = by
    features = anchors.root[observed.pieces.at]
    groups = layout.groups
    time, power, idle = (observed.kind == kind for kind in (TIME, POWER, IDLE))
    design[time, groups[CLOCK_TIME]] = features[time]
    design[power, groups[CLOCK_POWER]] = features[power]
    own = np.eye(layout.units)[observed.unit]
    design[time, groups[UNIT_TIME]] = own[time]
    design[power, groups[UNIT_IDLE]] = (costs.idle_share[:, None] * own)[power]
    design[power, groups[UNIT_ACTIVE]] = ((1.0 - costs.idle_share)[:, None] * own)[power]
    design[idle, groups[UNIT_IDLE]] = own[idle]
    return design


def _posterior(
    design: FloatArray, target: FloatArray, noise: FloatArray, prior: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of a linear Gaussian model, in units of the prior so that nothing is badly scaled."""
    scale = np.sqrt(prior)
    scaled = design * scale / np.sqrt(noise)[:, None]
    factor = cho_factor(scaled.T @ scaled + np.eye(len(prior)))
    mean: FloatArray = scale * cho_solve(factor, scaled.T @ (target / np.sqrt(noise)))
    covariance: FloatArray = scale[:, None] * cho_solve(factor, np.eye(len(prior))) * scale
    return mean, covariance
