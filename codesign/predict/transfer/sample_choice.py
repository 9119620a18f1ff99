"""Which designs to measure on a new board: those that leave the least unknown about all the others.

Greedy, by expected variance: each next design lowers the mean prior variance of a pool the most, under the hypothesis
that known boards together lead. Unlike the greatest variance, the mean does not chase odd designs.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import DataError

from .groups import hypotheses
from .known_boards import KnownBoards

POOL = 1000  # designs drawn to choose from and to judge by


def chosen_samples(boards: KnownBoards, designs: IntArray, count: int, rng: np.random.Generator) -> IntArray:
    """Rows of designs, (n, genes), to measure, (count,), the most telling first.

    Raises:
        DataError: count is not from 1 to the number of designs (or POOL, if that is less).
    """
    pool = rng.permutation(len(designs))[:POOL]
    if not 1 <= count <= len(pool):
        raise DataError(f"cannot choose {count} of {len(pool)} designs", to_do=f"ask for 1 to {len(pool)}")
    features = boards.basis.features(designs[pool])
    hypothesis = hypotheses(boards)[0]
    variances = np.exp(hypothesis.typical)
    unknown = np.zeros((len(pool), len(pool)))
    for variance, group in zip(variances[:-1], hypothesis.groups, strict=True):
        coordinates = features @ group.loadings
        unknown += variance * coordinates @ coordinates.T
    chosen: list[int] = []
    for _ in range(count):
        gain = (unknown**2).sum(axis=0) / (np.diag(unknown) + variances[-1])
        gain[chosen] = -1.0
        best = int(np.argmax(gain))
        chosen.append(best)
        unknown -= np.outer(unknown[:, best], unknown[best]) / (unknown[best, best] + variances[-1])
    return pool[chosen]
