"""Measured cells: one quantity of one workload of one board, at several settings of the clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray

CORES, CPU, GPU, EMC, RATE = "n_cpu_cores", "cpu_hz", "gpu_hz", "emc_hz", "requests_per_s"
CLOCKS = (CORES, CPU, GPU, EMC)
SETTING = (*CLOCKS, RATE)  # all that tells one cell from another

Columns = Mapping[str, FloatArray]  # of SETTING those that the board has, each (cells,)


@dataclass(frozen=True, slots=True)
class ClockCells:
    """A column that the board lacks is absent; every array is (cells,), positive but for a rate of 0 (idle)."""

    board: str
    workload: str
    columns: Columns
    values: FloatArray  # seconds or watts

    def of(self, chosen: BoolArray) -> ClockCells:
        """Those cells alone."""
        return ClockCells(self.board, self.workload, columns_of(self.columns, chosen), self.values[chosen])

    def __len__(self) -> int:
        return len(self.values)


def columns_of(columns: Columns, chosen: BoolArray) -> dict[str, FloatArray]:
    """The settings of those cells alone."""
    return {name: column[chosen] for name, column in columns.items()}


def cells_in(columns: Columns) -> int:
    """How many cells the columns describe; 0 where there is no column at all."""
    return max((len(column) for column in columns.values()), default=0)


def varying(cells: Sequence[ClockCells]) -> tuple[str, ...]:
    """Columns with more than one value over all these cells, in the order of SETTING.

    A clock that was held still cannot be told from a constant.
    """
    found = []
    for name in SETTING:
        columns = [one.columns[name] for one in cells if name in one.columns]
        if columns and np.ptp(np.concatenate(columns)) > 0:
            found.append(name)
    return tuple(found)
