"""What a model over clocks is: it fits the workloads of one board together, then predicts each at any clocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from codesign.predict.clocks.clock_cells import ClockCells, Columns
from runtime.contract.arrays import FloatArray


class FittedClocks(Protocol):
    """One workload of one board, fitted."""

    @property
    def simplified(self) -> str | None:
        """What had to be left out for want of cells, in words; None where nothing was."""

    def predict(self, columns: Columns) -> FloatArray:
        """(cells,) in the unit of the values fitted; `columns` has the names that were fitted."""


class ClockModel(Protocol):
    """A way to fit."""

    def fit(self, cells: Sequence[ClockCells]) -> Sequence[FittedClocks]:
        """One fit per workload, in the order given. All cells are of one board and have the same columns."""
