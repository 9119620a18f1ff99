"""A cost table that can be searched by hand: 16 designs of two genes on two boards."""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.cost_table import CostTable
from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import IntArray

GRID = np.stack(np.meshgrid(np.arange(4), np.arange(4), indexing="ij"), axis=-1).reshape(-1, 2)


def example(genome: IntArray = GRID, *, energy: bool = False) -> CostTable:
    """Accuracy and latency grow with both genes; board `slow` takes ten times as long."""
    total = genome.sum(axis=1)
    latency_s = 1e-3 * (1.0 + total + 0.5 * (genome[:, 0] == 3))
    return CostTable(
        genome=genome,
        genes=Genes.named(("op_a", "op_b")).with_values_of(genome),
        device_names=("fast", "slow"),
        latency_s=np.stack([latency_s, 10.0 * latency_s]),
        energy_j=np.stack([8.0 - total, 9.0 - total]) if energy else None,
        accuracy=0.5 + 0.05 * total,
        group=np.arange(len(genome)),
    )
