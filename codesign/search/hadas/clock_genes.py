"""Operating points as genes: one index for each clock, as HADAS varies them (Table II, F)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint


class ClockGenes:
    """Genes are indices into the clocks that occur, rising: CPU, GPU, EMC. Raises BoardError on no point at all."""

    def __init__(self, points: Sequence[OperatingPoint], offered: Sequence[int] | None = None) -> None:
        """`offered`: numbers of the points that may be chosen; all of them unless given."""
        number = np.arange(len(points)) if offered is None else np.asarray(offered, dtype=np.int64)
        if number.size == 0:
            raise BoardError("no operating point to choose from")
        values = np.asarray([(points[at].cpu_hz, points[at].gpu_hz, points[at].emc_hz) for at in number.tolist()])
        columns = [np.unique(values[:, clock], return_inverse=True) for clock in range(3)]
        self.sizes = tuple(int(hz.size) for hz, _ in columns)
        at = np.stack([index for _, index in columns], axis=1)
        # A board that lacks some combinations offers the nearest one instead, so that every genome stands for a point.
        genes = np.indices(self.sizes).reshape(3, -1).T
        table = np.empty(len(genes), dtype=np.int64)
        for row, gene in enumerate(genes):
            table[row] = number[int(np.abs(at - gene).sum(axis=1).argmin())]
        self._table = table.reshape(self.sizes)

    def points(self, genes: IntArray) -> IntArray:
        """Indices of operating points (designs,) for genes (designs, 3)."""
        index: IntArray = self._table[genes[:, 0], genes[:, 1], genes[:, 2]]
        return index
