"""The part of a cost table on which a search for a new board can be judged: accuracies and latencies without gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.cost_table import CostTable
from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

FEWEST_DESIGNS = 200


@dataclass(frozen=True, slots=True)
class JudgedTable:
    """n designs on k boards; every design once."""

    genes: Genes
    designs: IntArray  # (n, genes)
    accuracy: FloatArray  # (n,)
    device_names: tuple[str, ...]
    latency_s: FloatArray  # (k, n)

    def others(self, board: int) -> list[int]:
        """Every board but one."""
        return [other for other in range(len(self.device_names)) if other != board]


def usable_designs(table: CostTable) -> JudgedTable:
    """The part without designs that lack an accuracy or a latency. Raises DataError where nothing can be judged."""
    if table.accuracy is None or len(table.device_names) < 3:
        raise DataError(
            "a new board is judged by accuracies and by latencies on three or more boards",
            to_do="give a table with `accuracy` and more boards",
        )
    kept = ~np.isnan(table.accuracy) & ~np.isnan(table.latency_s).any(axis=0)
    if kept.sum() < FEWEST_DESIGNS:
        raise DataError(
            f"only {int(kept.sum())} designs have an accuracy and a latency on every board",
            to_do=f"give a table with at least {FEWEST_DESIGNS} such designs",
        )
    first = np.unique(table.genome[kept], axis=0, return_index=True)[1]
    rows = np.flatnonzero(kept)[np.sort(first)]
    return JudgedTable(
        table.genes.with_values_of(table.genome[rows]),
        table.genome[rows],
        table.accuracy[rows],
        table.device_names,
        table.latency_s[:, rows],
    )
