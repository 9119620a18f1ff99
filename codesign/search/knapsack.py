"""Multiple-choice knapsack, solved exactly: one option per layer, least cost in all, weights within a budget.

    minimise  sum_i cost[i][c_i]   such that  sum_i weight[i][c_i] <= budget

Layers are taken one after the other and every partial choice is kept that no other beats in both cost and weight
(Nemhauser and Ullmann, Management Science 15, 1969): exact for real numbers, no grid of budgets. Partial choices whose
cost cannot come below the best whole choice known, however the rest is chosen, are dropped; the bound is the linear
relaxation of the rest, which takes each layer's options on their lower convex hull in the order of their slopes
(Sinha and Zoltners, Operations Research 27, 1979).

Exact for the numbers it is given. Where those are separable surrogates (layers priced and judged one at a time), the
optimum is the surrogate's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import InfeasibleError, ShapeError

ROUNDING = 1e-12  # of the sums compared: a bound that falls short by rounding alone drops nothing


@dataclass(frozen=True, slots=True)
class Choice:
    """One option per layer, and what they add up to."""

    options: tuple[int, ...]
    cost: float
    weight: float


def solve_knapsack(costs: Sequence[FloatArray], weights: Sequence[FloatArray], budget: float) -> Choice:
    """The cheapest choice within the budget; of equally cheap ones the lightest.

    Args:
        costs: per layer (options,), in any unit, finite.
        weights: likewise, in the unit of the budget.
    Raises:
        ShapeError: costs and weights that do not match, a layer without options, a value that is not finite.
        InfeasibleError: even the lightest options together exceed the budget.
    """
    _check(costs, weights)
    # Weights count from each layer's lightest option: then all are at least 0, and so is what is left of the budget.
    least = [weight.min() for weight in weights]
    room = budget - float(np.sum(least))
    slack = ROUNDING * max(1.0, abs(budget), float(np.sum(np.abs(least))))
    if room < -slack:
        raise InfeasibleError(
            f"the lightest choice weighs {np.sum(least):.4g}, more than the budget of {budget:.4g}",
            to_do="allow more",
        )
    heavier = [weight - lightest for weight, lightest in zip(weights, least, strict=True)]
    rest = [_relaxation(costs[k:], heavier[k:]) for k in range(len(costs) + 1)]
    known, tolerance = _greedy(costs, heavier, room + slack), ROUNDING * float(sum(np.abs(c).max() for c in costs))
    cost, weight = np.zeros(1), np.zeros(1)
    steps: list[tuple[IntArray, IntArray]] = []  # per layer: the partial choice it continues, the option it takes
    for layer, (own_cost, own_weight) in enumerate(zip(costs, heavier, strict=True)):
        all_cost = np.add.outer(cost, own_cost).ravel()
        all_weight = np.add.outer(weight, own_weight).ravel()
        bound = all_cost + rest[layer + 1](room + slack - all_weight)
        kept = np.flatnonzero((all_weight <= room + slack) & (bound <= known + tolerance))
        kept = kept[_undominated(all_cost[kept], all_weight[kept])]
        cost, weight = all_cost[kept], all_weight[kept]
        steps.append((kept // own_cost.size, kept % own_cost.size))
    best = int(np.lexsort((weight, cost))[0])
    options: list[int] = []
    at = best
    for before, option in reversed(steps):
        options.append(int(option[at]))
        at = int(before[at])
    return Choice(tuple(reversed(options)), float(cost[best]), float(weight[best]) + float(np.sum(least)))


def _check(costs: Sequence[FloatArray], weights: Sequence[FloatArray]) -> None:
    if len(costs) != len(weights):
        raise ShapeError(f"costs of {len(costs)} layers, weights of {len(weights)}")
    for layer, (cost, weight) in enumerate(zip(costs, weights, strict=True)):
        if cost.ndim != 1 or cost.size == 0 or cost.shape != weight.shape:
            raise ShapeError(f"layer {layer} has costs {cost.shape} and weights {weight.shape}; one of each per option")
        if not (np.isfinite(cost).all() and np.isfinite(weight).all()):
            raise ShapeError(f"layer {layer} has a cost or a weight that is not finite")


def _undominated(cost: FloatArray, weight: FloatArray) -> IntArray:
    """Indices of those that no other beats in both, ascending in weight; one of equals."""
    order = np.lexsort((cost, weight))
    falling = cost[order]
    before = np.concatenate([[np.inf], np.minimum.accumulate(falling)[:-1]])
    kept: IntArray = order[falling < before]
    return kept


class _Relaxation:
    """Least cost of some layers as a function of the room for them, options taken in part: convex and falling."""

    def __init__(self, least: float, room: FloatArray, saved: FloatArray) -> None:
        self._least, self._room, self._saved = least, room, saved

    def __call__(self, room: FloatArray) -> FloatArray:
        """(n,): at each room; below 0 as at 0, since such choices are dropped for their weight."""
        cost: FloatArray = self._least - np.interp(room, self._room, self._saved)
        return cost


def _relaxation(costs: Sequence[FloatArray], heavier: Sequence[FloatArray]) -> _Relaxation:
    hulls = [_hull(cost, weight) for cost, weight in zip(costs, heavier, strict=True)]
    least = float(sum(hull[0] for hull, _ in hulls))
    saved = np.concatenate([-np.diff(hull) for hull, _ in hulls] or [np.zeros(0)])
    taken = np.concatenate([np.diff(weight) for _, weight in hulls] or [np.zeros(0)])
    order = np.argsort(-_per(saved, taken), kind="stable")
    return _Relaxation(
        least, np.concatenate([[0.0], np.cumsum(taken[order])]), np.concatenate([[0.0], np.cumsum(saved[order])])
    )


def _per(saved: FloatArray, taken: FloatArray) -> FloatArray:
    """Cost saved per weight taken; infinite where the weight is next to nothing."""
    with np.errstate(over="ignore"):
        slope: FloatArray = saved / taken
    return slope


def _hull(cost: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The lower convex hull of a layer's options from its lightest one on: costs falling, weights rising."""
    hull: list[int] = []
    for option in _undominated(cost, weight).tolist():
        while len(hull) > 1 and _turns_up(cost, weight, hull[-2], hull[-1], option):
            hull.pop()
        hull.append(option)
    return cost[hull], weight[hull]


def _turns_up(cost: FloatArray, weight: FloatArray, first: int, middle: int, last: int) -> bool:
    """Whether the middle one lies on or above the line between the others."""
    return bool(
        (cost[first] - cost[middle]) * (weight[last] - weight[first])
        <= (cost[first] - cost[last]) * (weight[middle] - weight[first])
    )


def _greedy(costs: Sequence[FloatArray], heavier: Sequence[FloatArray], room: float) -> float:
    """The cost of a whole choice that fits: from the lightest options, whatever saves most per weight while it fits."""
    hulls = [_hull(cost, weight) for cost, weight in zip(costs, heavier, strict=True)]
    at = [0] * len(hulls)
    total = float(sum(hull[0] for hull, _ in hulls))
    moves = sorted(
        (slope, layer, k)
        for layer, (cost, weight) in enumerate(hulls)
        for k, slope in enumerate(_per(-np.diff(cost), np.diff(weight)).tolist())
    )
    for _, layer, k in reversed(moves):
        cost, weight = hulls[layer]
        if at[layer] == k and weight[k + 1] - weight[k] <= room:
            at[layer], room = k + 1, room - (weight[k + 1] - weight[k])
            total += float(cost[k + 1] - cost[k])
    return total
