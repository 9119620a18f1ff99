"""The designs among which a Bayesian strategy looks for its next one: near the best ones, and drawn evenly."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from runtime.contract.arrays import BoolArray, IntArray

from .search_space import LISTED, Key, SearchSpace, keys

POOL = 1000  # designs that are weighed for one proposal
ROUNDS = 20  # of draws, where most of what is drawn is not allowed

Allowed = Callable[[IntArray], BoolArray]  # (n, genes) -> (n,)


def candidates(
    space: SearchSpace,
    rng: np.random.Generator,
    taken: Collection[Key],
    parents: IntArray,
    allowed: Allowed | None = None,
    most: int = POOL,
) -> IntArray:
    """(n ≤ most, genes): distinct, not taken and allowed designs; none only where no more were found.

    All there are in a small space; else `parents`, (p, genes), and those one gene away, filled up by draws.
    """
    if space.designs is not None or space.combinations <= most:
        listed = space.all()
        if len(listed) <= most:
            return _free(listed, taken, allowed)
    found = _free(_near(space, parents), taken, allowed)
    met = {*keys(found), *taken}
    for _ in range(ROUNDS):
        if len(found) >= most:
            break
        drawn = space.fresh(rng, most, met)
        met.update(keys(drawn))
        found = np.concatenate([found, _free(drawn, (), allowed)])
        if len(drawn) < most:
            break
    if not len(found) and space.combinations <= LISTED:
        return _free(space.all(), taken, allowed)[:most]
    return found[:most]


def _near(space: SearchSpace, parents: IntArray) -> IntArray:
    return np.concatenate([parents, *[space.neighbours(parent) for parent in parents]])


def _free(designs: IntArray, taken: Collection[Key], allowed: Allowed | None) -> IntArray:
    rows: dict[Key, int] = {}
    for row, key in enumerate(keys(designs)):
        if key not in taken:
            rows.setdefault(key, row)
    free: IntArray = designs[list(rows.values())].astype(np.int64)
    return free if allowed is None or not len(free) else free[allowed(free)]
