"""Where in a list of designs a design is, for many designs at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import IntArray

KEYS_FROM = 20_200_900  # a seed: any will do, the same must be used for all designs


@dataclass(frozen=True, slots=True)
class DesignIndex:
    """Designs sorted by a random linear key; equal keys are checked gene by gene."""

    designs: IntArray  # (n, genes)
    order: IntArray  # (n,)
    keys: IntArray  # (n,), ascending

    def places(self, wanted: IntArray) -> IntArray:
        """(m,): where each of (m, genes) is in the list; -1: nowhere."""
        if not len(self.designs):
            return np.full(len(wanted), -1, dtype=np.int64)
        at = np.searchsorted(self.keys, keys(wanted)).clip(max=len(self.keys) - 1)
        found = self.order[at]
        return np.where((self.designs[found] == wanted).all(axis=1), found, -1)


def design_index(designs: IntArray) -> DesignIndex:
    """Index (n, genes)."""
    of_designs = keys(designs)
    order = np.argsort(of_designs, kind="stable")
    return DesignIndex(designs, order, of_designs[order])


def keys(designs: IntArray) -> IntArray:
    """(n,): a whole number for each design, (n, genes); the same for the same, and hardly ever for two that differ."""
    odd = np.random.default_rng(KEYS_FROM).integers(1, 2**62, designs.shape[1]) * 2 + 1
    summed: IntArray = (designs.astype(np.int64) * odd).sum(axis=1)  # wraps around, as meant
    return summed
