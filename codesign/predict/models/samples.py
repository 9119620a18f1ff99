"""Refuses samples that no cost model can be fitted on."""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError


def distinct_networks(genes: Genes, designs: IntArray, costs: FloatArray) -> IntArray:
    """(n,): which network each sample is, from 0: samples of one network have the same number.

    Raises:
        ShapeError: designs of other genes, or costs of another number of designs.
        DataError: a gene's value that cannot be, a cost that is not finite or not above 0, or fewer than 2 networks.
    """
    written = genes.canonical(designs)
    if costs.shape != (len(designs),):
        raise ShapeError(f"{costs.shape} costs for {len(designs)} designs", to_do="give one cost for each design")
    wrong = np.flatnonzero(~(np.isfinite(costs) & (costs > 0)))
    if len(wrong):
        raise DataError(
            f"{costs[wrong[0]]:g} cannot be a cost ({len(wrong)} like it)",
            where=f"sample {wrong[0]}",
            to_do="leave out designs that were not measured, or whose measurement failed",
        )
    networks: IntArray = np.unique(written, axis=0, return_inverse=True)[1].reshape(-1)
    if not len(networks) or networks.max() < 1:
        raise DataError(
            f"{int(networks.max()) + 1 if len(networks) else 0} distinct designs fit nothing",
            to_do="measure at least 2 designs that differ",
        )
    return networks
