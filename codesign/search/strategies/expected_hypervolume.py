"""Expected hypervolume improvement, exact for one to three objectives that are independent normal variables.

What a point y adds to the volume that a front dominates is summed over boxes that fill the part nothing dominates yet.
In a box from l to u it is the product over objectives of (u − y)⁺ − (l − y)⁺; objectives being independent, so is the
expectation (Emmerich, Yang, Deutz: "Infill criteria for multiobjective Bayesian optimization", 2020, section 3).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

from ..pareto import dominated_by, nondominated_2d


@dataclass(frozen=True, slots=True)
class Boxes:
    """A partition of what a front leaves undominated, up to a reference: edges by place among `levels`."""

    levels: tuple[FloatArray, ...]  # per objective: −∞, the front's values rising, the reference
    lower: IntArray  # (boxes, objectives): places among `levels`
    upper: IntArray  # (boxes, objectives)


def boxes(front: FloatArray, reference: FloatArray) -> Boxes:
    """Of points (n, objectives), of which any may be dominated; those not below the reference everywhere are left out.

    Raises ShapeError for more than three objectives or a reference of another length.
    """
    objectives = len(reference)
    if not 1 <= objectives <= 3 or front.ndim != 2 or front.shape[1] != objectives:
        raise ShapeError(f"one to three objectives are needed, got front {front.shape}, reference {reference.shape}")
    inside = np.unique(front[(front < reference).all(axis=1)], axis=0)
    inside = inside[~dominated_by(inside, inside)]  # each further point would cut the space into more boxes
    levels = tuple(
        np.concatenate([[-np.inf], np.unique(inside[:, axis]), [reference[axis]]]) for axis in range(objectives)
    )
    places = np.stack([np.searchsorted(levels[axis], inside[:, axis]) for axis in range(objectives)], axis=1)
    tops = [len(of_axis) - 1 for of_axis in levels]
    edges: list[tuple[tuple[int, ...], tuple[int, ...]]]
    if objectives == 1:
        best = int(places.min(initial=tops[0]))
        edges = [((0,), (best,))]
    elif objectives == 2:
        edges = _strips(places, tops[0], tops[1])
    else:
        # Between two levels of the third objective, only points below the lower one dominate anything.
        edges = [
            ((*low, level), (*high, level + 1))
            for level in range(tops[2])
            for low, high in _strips(places[places[:, 2] <= level, :2], tops[0], tops[1])
        ]
    shape = (len(edges), objectives)
    return Boxes(levels, *(np.array([edge[side] for edge in edges], dtype=np.int64).reshape(shape) for side in (0, 1)))


def expected_improvement(parts: Boxes, mean: FloatArray, deviation: FloatArray) -> FloatArray:
    """(n,): the volume that points with this mean and deviation, (n, objectives) each, are expected to add."""
    found = np.zeros(len(mean))
    gains = [_expected_below(levels, mean[:, axis], deviation[:, axis]) for axis, levels in enumerate(parts.levels)]
    for low, high in zip(parts.lower, parts.upper, strict=True):
        product = np.ones(len(mean))
        for axis, of_axis in enumerate(gains):
            product = product * (of_axis[high[axis]] - of_axis[low[axis]])
        found += product
    return found


def _strips(places: IntArray, first_top: int, second_top: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Boxes of two objectives, (lower, upper) each: left of the front's first point, then between each two."""
    front = places[nondominated_2d(places[:, 0].astype(float), places[:, 1].astype(float))]
    lefts = [0, *front[:, 0].tolist()]
    rights = [*front[:, 0].tolist(), first_top]
    ceilings = [second_top, *front[:, 1].tolist()]
    return [
        ((left, 0), (right, ceiling))
        for left, right, ceiling in zip(lefts, rights, ceilings, strict=True)
        if left < right
    ]


def _expected_below(levels: FloatArray, mean: FloatArray, deviation: FloatArray) -> FloatArray:
    """(levels, n): the mean of (level − y)⁺; the first level, −∞, has nothing below it."""
    found = np.zeros((len(levels), len(mean)))
    t = (levels[1:, None] - mean) / deviation
    found[1:] = deviation * (t * ndtr(t) + np.exp(-0.5 * t * t) / math.sqrt(2.0 * math.pi))
    return found
