"""The λ under which a learnt optimiser's design just keeps a cost limit: a search that measures nothing but anchors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import InfeasibleError

from .learning_to_optimise import LearntOptimiser

WEIGHTS = (1e-3, 30.0)  # λ; beyond these the cost counts for nothing, or the accuracy does
STEPS = 12


@dataclass(frozen=True, slots=True)
class WithinLimit:
    """A design, predicted to keep the limit."""

    design: IntArray  # (genes,)
    accuracy: float  # known or predicted
    cost: float  # predicted; in units of the board's scale
    weight: float  # λ that led there


def within_limit(optimiser: LearntOptimiser, features: FloatArray, limit: float) -> WithinLimit:
    """The most accurate design met by bisection on log λ whose predicted cost is at most `limit`.

    Everything that was considered on the way is judged, not only each λ's best: weighted sums miss the designs between.

    Args:
        features: (features,), of the board.
        limit: in units of the board's scale (a limit in seconds divided by exp(log_scale)).
    Raises:
        InfeasibleError: nothing considered keeps it; says how far the nearest is.
    """
    low, high = np.log(WEIGHTS)
    best: WithinLimit | None = None
    cheapest = np.inf
    for log_weight in [high, *[None] * STEPS]:
        at = 0.5 * (low + high) if log_weight is None else float(log_weight)
        designs = optimiser.ranked(features, float(np.exp(at)))
        costs = optimiser.costs(designs, features)
        accuracy = optimiser.performance.accuracy_of(designs)
        cheapest = min(cheapest, float(costs.min()))
        if (kept := np.flatnonzero(costs <= limit)).size:
            first = int(kept[accuracy[kept].argmax()])
            if best is None or accuracy[first] > best.accuracy:
                best = WithinLimit(designs[first], float(accuracy[first]), float(costs[first]), float(np.exp(at)))
        low, high = (at, high) if costs[0] > limit else (low, at)
    if best is None:
        raise InfeasibleError(
            f"no design is predicted to cost at most {limit:g}; the cheapest costs {cheapest:g}, "
            f"{cheapest / limit - 1.0:.1%} over",
            to_do="relax the limit",
        )
    return best
