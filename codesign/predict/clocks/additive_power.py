"""P = c0 + a f_gpu + m f_emc + c f_cpu: power as if the voltage never moved, over every clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.predict.clocks.clock_cells import CPU, EMC, GPU, ClockCells, varying
from codesign.predict.clocks.linear_terms import CONSTANT, Term, TermSum, fit_terms


@dataclass(frozen=True, slots=True)
class AdditivePower:
    """Every weight at least 0; a clock that was held still is part of c0."""

    def fit(self, cells: Sequence[ClockCells]) -> list[TermSum]:
        """Each workload alone; a request rate is not looked at."""
        moved = varying(cells)
        clocks = [name for name in (GPU, EMC, CPU) if name in moved]
        terms = [CONSTANT, *(Term(name, name, lambda hz: hz) for name in clocks)]
        return [fit_terms(terms, one.columns, one.values) for one in cells]
