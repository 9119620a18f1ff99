"""The exact front of the published inner objectives: every set of exits, each at its cheapest operating point."""

from __future__ import annotations

import numpy as np

from codesign.search.inner_columns import undominated_points
from codesign.search.inner_counts import masks_up_to
from codesign.search.pareto import nondominated_2d
from runtime.contract.arrays import FloatArray

from .dynamics import Designs, Dynamics
from .inner_engine import InnerSet
from .objectives import published_pair

CHUNK_MASKS = 1 << 12


def exact_published_front(dynamics: Dynamics) -> InnerSet:
    """The true Pareto set over all sets of exits but the empty one × all operating points.

    Raises:
        ConfigError: more exits than all sets can be listed of.
    """
    kept_points = undominated_points(dynamics.energy_prices_j)
    masks = masks_up_to(dynamics.exits, None)[1 if dynamics.exits else 0 :]
    parts: list[Designs] = []
    values: list[FloatArray] = []
    for start in range(0, masks.size, CHUNK_MASKS):
        some = masks[start : start + CHUNK_MASKS]
        energy_j = dynamics.ideal_energies_j(some, kept_points)
        designs = Designs(some, kept_points[energy_j.argmin(axis=1)], np.zeros(some.size, dtype=np.int64))
        found = published_pair(dynamics, designs)
        front = nondominated_2d(found[:, 0], found[:, 1])
        parts.append(designs.where(front))
        values.append(found[front])
    designs = Designs(*(np.concatenate([getattr(part, name) for part in parts]) for name in Designs.__slots__))
    every = np.concatenate(values)
    front = nondominated_2d(every[:, 0], every[:, 1])
    return InnerSet(designs.where(front), every[front], every)
