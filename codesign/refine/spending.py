"""What a design spends per image under a mix of exits, and how well that is known against another design.

Only differences decide, and they are better known than either side: what all clocks and all designs have in common
cancels. So a saving has an interval of its own, from the covariance of everything that was learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageWork
from runtime.contract.operating_point import OperatingPoint

from .cost_equations import Pieces
from .update import Posterior
from .variances import CLOCK_POWER, CLOCK_TIME, TERMS, UNIT_ACTIVE, UNIT_IDLE, UNIT_TIME

NINETY = 1.6449  # standard deviations on either side that hold 90 of a hundred


@dataclass(frozen=True, slots=True)
class Run:
    """Stages at one operating point, and who leaves where."""

    stages: tuple[StageWork, ...]
    shares: FloatArray  # (stages,), sums to one
    point: OperatingPoint


@dataclass(frozen=True, slots=True)
class Spending:
    """Logarithms of seconds and joules of one run at some points, and what they change by with everything learnt."""

    ln_s: FloatArray  # (points,)
    ln_j: FloatArray
    by_s: FloatArray  # (points, layout.size)
    by_j: FloatArray
    active: FloatArray  # (points,), of the joules: what clock effects act upon


@dataclass(frozen=True, slots=True)
class Saving:
    """Relative to what is spent now: 0.1 is a tenth less."""

    expected: float
    low: float  # of the interval that holds it with 90 %
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval lies above nothing."""
        return self.low > 0.0


def spending(
    posterior: Posterior,
    run: Run,
    points: Sequence[OperatingPoint],
    *,
    requests_per_s: float | None = None,
    unit: str | None = None,
) -> Spending:
    """Of a run at its own and other points.

    Args:
        requests_per_s: joules per request at that rate, waiting included; None: back to back.
        unit: with that unit's effects; None: what boards of the kind have in common.
    """
    equations, layout = posterior.equations, posterior.layout
    counts, entries = equations.prefixes(run.stages)
    every = np.arange(len(points))
    pieces = Pieces(
        np.repeat((run.shares @ counts)[None], len(points), axis=0), np.full(len(points), run.shares @ entries), every
    )
    costs = equations.costs(pieces, points, posterior.learnt)
    features, _ = posterior.anchors.features(points)
    groups, mean = layout.groups, posterior.mean
    by_s, by_j, by_idle = (np.zeros((len(points), layout.size)) for _ in range(3))
    by_s[:, layout.equations], by_j[:, layout.equations] = costs.by_s, costs.by_j
    by_idle[:, layout.equations] = costs.by_idle
    by_s[:, groups[CLOCK_TIME]] = by_j[:, groups[CLOCK_TIME]] = by_j[:, groups[CLOCK_POWER]] = features
    if unit is not None:
        own = np.eye(layout.units)[posterior.units.index(unit)]
        by_s[:, groups[UNIT_TIME]] = by_j[:, groups[UNIT_TIME]] = own
        by_j[:, groups[UNIT_IDLE]] = np.outer(costs.idle_share, own)
        by_j[:, groups[UNIT_ACTIVE]] = np.outer(1.0 - costs.idle_share, own)
        by_idle[:, groups[UNIT_IDLE]] = own
    beyond = slice(layout.terms + layout.works, None)
    ln_s = costs.ln_s + by_s[:, beyond] @ mean[beyond]
    ln_j = costs.ln_j + by_j[:, beyond] @ mean[beyond]
    if requests_per_s is None:
        return Spending(ln_s, ln_j, by_s, by_j, np.ones(len(points)))
    seconds, joules = np.exp(ln_s), np.exp(ln_j)
    idle_w = np.exp(costs.ln_idle_w + by_idle[:, beyond] @ mean[beyond])
    served_j = joules - idle_w * seconds + idle_w / requests_per_s
    by_served = joules[:, None] * by_j - (idle_w * seconds)[:, None] * (by_idle + by_s)
    by_served += (idle_w / requests_per_s)[:, None] * by_idle
    return Spending(
        ln_s,
        np.log(served_j),
        by_s,
        by_served / served_j[:, None],
        (joules - idle_w * seconds) / served_j,
    )


def doubts(
    posterior: Posterior, run: Run, points: Sequence[OperatingPoint], standard_errors: float
) -> Mapping[OperatingPoint, tuple[float, float]]:
    """By how much seconds and joules at each point may be dearer than thought, beside those at the run's own point."""
    told = spending(posterior, run, [run.point, *points])
    variances = posterior.variances.effects
    apart = posterior.anchors.apart(run.point, points)
    factors = []
    for by, unknown in (
        (told.by_s, variances[CLOCK_TIME]),
        (told.by_j, variances[CLOCK_TIME] + variances[CLOCK_POWER]),
    ):
        step = by[1:] - by[0]
        variance = np.einsum("ij,jk,ik->i", step, posterior.covariance, step) + apart * unknown
        factors.append(np.exp(standard_errors * np.sqrt(np.maximum(variance, 0.0))))
    return {point: (float(seconds), float(joules)) for point, seconds, joules in zip(points, *factors, strict=True)}


def saving(
    posterior: Posterior,
    now: Run,
    then: Run,
    *,
    sampling_variance: float = 0.0,
    requests_per_s: float | None = None,
    unit: str | None = None,
) -> Saving:
    """What a run saves over another.

    Args:
        sampling_variance: of the logarithm of their ratio, from the images that say who leaves where.
    """
    before = spending(posterior, now, [now.point], requests_per_s=requests_per_s, unit=unit)
    after = spending(posterior, then, [then.point], requests_per_s=requests_per_s, unit=unit)
    ratio = float(after.ln_j[0] - before.ln_j[0])
    step = after.by_j[0] - before.by_j[0]
    unknown = posterior.variances.effects[CLOCK_TIME] + posterior.variances.effects[CLOCK_POWER]
    apart = float(posterior.anchors.apart(now.point, [then.point])[0]) * float(after.active[0]) ** 2
    variance = float(step @ posterior.covariance @ step) + apart * unknown + sampling_variance
    sd = float(np.sqrt(max(variance, 0.0)))
    return Saving(
        1.0 - float(np.exp(ratio)), 1.0 - float(np.exp(ratio + NINETY * sd)), 1.0 - float(np.exp(ratio - NINETY * sd))
    )


def ratio_variance(now_j: FloatArray, then_j: FloatArray, weights: FloatArray) -> float:
    """Of ln(mean of `then_j` / mean of `now_j`) over weighted images, both (images,): that other images were drawn."""
    share = weights / weights.sum()
    now, then = float(share @ now_j), float(share @ then_j)
    return float((share**2 * (then_j / then - now_j / now) ** 2).sum())


def reasons(posterior: Posterior, now: Run, then: Run, *, requests_per_s: float | None = None) -> dict[str, float]:
    """By how much each thing learnt changes what `then` costs beside `now`, to first order; the largest first.

    Negative speaks for `then`. Pieces of work, clock effects and unit effects are one thing each.
    """
    before = spending(posterior, now, [now.point], requests_per_s=requests_per_s)
    after = spending(posterior, then, [then.point], requests_per_s=requests_per_s)
    change = (after.by_j[0] - before.by_j[0]) * posterior.mean
    terms = posterior.equations.terms
    found = {term.words: float(change[number]) for number, term in enumerate(terms)}
    found |= {name: float(change[where].sum()) for name, where in posterior.layout.groups.items() if name != TERMS}
    return dict(sorted(found.items(), key=lambda item: -abs(item[1])))
