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
        at = np.searchsorted(self.keys, _keys(wanted)).clip(max=len(self.keys) - 1)
        found = self.order[at]
        return np.where((self.designs[found] == wanted).all(axis=1), found, -1)


def design_index(designs: IntArray) -> DesignIndex:
    """Index (n, genes)."""
    keys = _keys(designs)
    order = np.argsort(keys, kind="stable")
    return DesignIndex(designs, order, keys[order])


def _keys(designs: IntArray) -> IntArray:
    odd = np.random.default_rng(KEYS_FROM).integers(1, 2**62, designs.shape[1]) * 2 + 1
    keys: IntArray = (designs.astype(np.int64) * odd).sum(axis=1)  # wraps around, as meant
    return keys
