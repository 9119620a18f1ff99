"""Local search (White et al., UAI 2021): evaluate all neighbours of a design, move to the better, restart when stuck.

Over a front (Pareto local search, Paquete et al., 2004): all neighbours of a design that no other of this climb
dominates, then of the next such, until none of them has neighbours not seen. Over one number: objectives weighed by a
Chebyshev distance whose weights are drawn anew for each climb. With one objective the two are the same.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray

from ..pareto import dominated_by
from .protocol import Options
from .record import Record
from .scalarise import chebyshev, random_weights
from .scripted import Script, Scripted
from .search_space import SearchSpace, keys


def pareto_local_search(space: SearchSpace, objectives: int, seed: int, options: Options) -> Scripted:  # noqa: ARG001
    """The factory of strategy `local-search`."""
    return Scripted(Record(space, objectives, seed), _pareto_script(space, seed))


def scalarised_local_search(space: SearchSpace, objectives: int, seed: int, options: Options) -> Scripted:  # noqa: ARG001
    """The factory of strategy `local-search-scalarised`."""
    return Scripted(Record(space, objectives, seed), _scalarised_script(space, seed))


def _pareto_script(space: SearchSpace, seed: int) -> Script:
    rng = np.random.default_rng([seed, 1])
    seen: set[bytes] = set()
    while len(start := space.fresh(rng, 1, seen)):
        designs, values = start, _ranked(*(yield start))
        seen |= {*keys(start)}
        explored: set[bytes] = set()
        while True:
            front = np.flatnonzero(~dominated_by(values, values))
            open_ = [int(row) for row in front if keys(designs[row : row + 1])[0] not in explored]
            if not open_:
                break
            chosen = designs[int(rng.choice(open_))]
            explored |= {*keys(chosen[None])}
            around = space.neighbours(chosen)
            if not len(around):
                break
            found = _ranked(*(yield around))
            seen |= {*keys(around)}
            known = {*keys(designs)}
            new = [key not in known for key in keys(around)]
            designs, values = np.concatenate([designs, around[new]]), np.concatenate([values, found[new]])


def _ranked(values: FloatArray, violations: FloatArray) -> FloatArray:
    """(n, 1 + objectives): the violation first, so that of two broken designs the less broken is never dominated."""
    failed: BoolArray = np.any(np.isnan(values), axis=1)
    broken = np.where(failed, np.inf, violations)
    return np.column_stack([broken, np.where((broken > 0)[:, None], 0.0, values)])


def _scalarised_script(space: SearchSpace, seed: int) -> Script:
    rng = np.random.default_rng([seed, 2])
    seen: set[bytes] = set()
    while len(start := space.fresh(rng, 1, seen)):
        here = start
        values, violations = yield here
        seen |= {*keys(here)}
        weights = random_weights(rng, values.shape[1])
        while len(around := space.neighbours(here[0])):
            found, broken = yield around
            seen |= {*keys(around)}
            # One scale for a design and its neighbours: scores of different rounds could not be compared.
            scores = chebyshev(np.concatenate([values, found]), np.concatenate([violations, broken]), weights)
            best = int(np.argmin(scores))
            if best == 0:
                break
            here, values, violations = around[best - 1 : best], found[best - 1 : best], broken[best - 1 : best]
