"""How near a sampling inner engine comes to the exact front of one backbone, and how soon: one trial per seed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from codesign.search.front_metrics import coverage, evaluations_to, igd_plus
from codesign.search.pareto import hypervolume, nondominated_2d, ratio_of_dominance
from runtime.contract.arrays import FloatArray

from .inner_engine import InnerBudget, InnerSet, InnerSpace, Judge, inner_search, random_search

Engine = Callable[[int], InnerSet]  # from a seed
SHARES = {"evaluations_to_95": 0.95, "evaluations_to_98": 0.98}


@dataclass(frozen=True, slots=True)
class ExactFront:
    """What trials are held against: error and energy [J], to be small."""

    points: FloatArray  # (designs, 2)
    reference: FloatArray  # (2,)

    @property
    def hypervolume(self) -> float:
        """Up to the reference."""
        return hypervolume(self.points, self.reference)


@dataclass(frozen=True, slots=True)
class InnerTrial:
    """One search of one engine."""

    hypervolume: float
    hypervolume_share: float  # of the exact front's
    igd_plus: float  # objectives scaled to 0 at the exact front's best, 1 at the reference
    rod_exact_over_found: float  # share of what was found that the exact front dominates
    rod_found_over_exact: float  # the other way: 0 unless the exact front is none
    coverage: float  # share of the exact front that was found
    evaluations: int
    evaluations_to_95: int | None  # of the exact hypervolume; None: never
    evaluations_to_98: int | None
    designs: int  # on the front that was found
    seconds: float  # of the processor

    def to_json(self) -> dict[str, float | int | None]:
        """By name."""
        return asdict(self)


def engines(space: InnerSpace, judge: Judge, budget: InnerBudget) -> Mapping[str, Engine]:
    """NSGA-II as HADAS has it, and as many random designs."""
    return {
        "nsga2": lambda seed: inner_search(space, judge, budget, seed),
        "random": lambda seed: random_search(space, judge, budget.evaluations, seed),
    }


def inner_trial(engine: Engine, seed: int, exact: ExactFront) -> InnerTrial:
    """Run it, and hold what it found against the exact front. Costs equal up to rounding count as equal."""
    started_s = time.process_time()
    found = engine(seed)
    seconds = time.process_time() - started_s
    ours, theirs = snapped(found.values, exact.points), exact.points
    best, scale = theirs.min(axis=0), exact.reference - theirs.min(axis=0)
    volumes = volumes_after(found.evaluated, exact.reference)
    whole = exact.hypervolume
    reached = {name: evaluations_to(volumes, share * whole) for name, share in SHARES.items()}
    return InnerTrial(
        hypervolume=float(volumes[-1]),
        hypervolume_share=float(volumes[-1]) / whole,
        igd_plus=igd_plus((ours - best) / scale, (theirs - best) / scale),
        rod_exact_over_found=ratio_of_dominance(theirs, ours),
        rod_found_over_exact=ratio_of_dominance(ours, theirs),
        coverage=coverage(ours, theirs),
        evaluations=len(found.evaluated),
        designs=len(ours),
        seconds=seconds,
        **reached,
    )


def snapped(points: FloatArray, to: FloatArray) -> FloatArray:
    """`points` (n, 2) with values that differ from the nearest in `to` by rounding alone made the same.

    The solver and a replay add up the same costs in another order; neither dominates the other for that.
    """
    result = points.copy()
    for objective in range(points.shape[1]):
        values = np.unique(to[:, objective])
        after = np.searchsorted(values, points[:, objective])
        for neighbour in (np.maximum(after - 1, 0), np.minimum(after, values.size - 1)):
            near = np.isclose(points[:, objective], values[neighbour], rtol=1e-9, atol=0.0)
            result[near, objective] = values[neighbour][near]
    return result


def volumes_after(values: FloatArray, reference: FloatArray) -> FloatArray:
    """Hypervolume after each evaluation, (evaluations,)."""
    volumes, front, volume = np.zeros(len(values)), np.zeros((0, 2)), 0.0
    for index, value in enumerate(values):
        if (value < reference).all() and not (front <= value).all(axis=1).any():
            front = np.concatenate([front, value[None]])
            front = front[nondominated_2d(front[:, 0], front[:, 1])]
            volume = hypervolume(front, reference)
        volumes[index] = volume
    return volumes
