"""The designs that the house engine chooses from: all of a small space; of a large one, those near the front."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import IntArray

from ..pareto import dominated_by
from .mutation import genes_redrawn, mixed
from .record import Record
from .search_space import keys

WHOLE = 20_000  # designs: as many are weighed at once
PARENTS = 40  # designs of the front whose neighbours are weighed
EACH = 1000  # mixtures, mutants and random designs


def candidates(record: Record, rng: np.random.Generator) -> IntArray:
    """(n, genes): distinct designs that are not taken; none only where none was found."""
    space = record.space
    if (len(space.designs) if space.designs is not None else space.combinations) <= WHOLE:
        return _free(space.all(), record)
    good = record.feasible
    values = record.values[good]
    parents = record.genomes[good][~dominated_by(values, values)] if good.any() else record.genomes
    parents = parents[rng.permutation(len(parents))[:PARENTS]]
    one, two = (parents[rng.integers(len(parents), size=EACH)] for _ in range(2))
    near = [space.neighbours(parent) for parent in parents]
    mutants = genes_redrawn(space, one, min(0.5, 2.0 / space.genes), rng, record.taken)
    found = [*near, mixed(space, one, two, rng, record.taken), mutants, space.fresh(rng, EACH, record.taken)]
    return _free(np.concatenate(found), record)


def _free(designs: IntArray, record: Record) -> IntArray:
    rows: dict[bytes, int] = {}
    for row, key in enumerate(keys(designs)):
        if key not in record:
            rows.setdefault(key, row)
    return designs[list(rows.values())].astype(np.int64)
