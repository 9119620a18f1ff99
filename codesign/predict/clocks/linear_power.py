"""P = c0 + c1 f: power as if the voltage never moved, over one clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.predict.clocks.clock_cells import CPU, EMC, GPU, ClockCells, varying
from codesign.predict.clocks.linear_terms import CONSTANT, Term, TermSum, fit_terms


@dataclass(frozen=True, slots=True)
class LinearPower:
    """f is the GPU's clock, or the CPU's (then the memory's) where the GPU's was held still; no weight below 0."""

    def fit(self, cells: Sequence[ClockCells]) -> list[TermSum]:
        """Each workload alone; a request rate is not looked at."""
        moved = varying(cells)
        clock = next((name for name in (GPU, CPU, EMC) if name in moved), None)
        terms = [CONSTANT] if clock is None else [CONSTANT, Term(clock, clock, lambda hz: hz)]
        return [fit_terms(terms, one.columns, one.values) for one in cells]
