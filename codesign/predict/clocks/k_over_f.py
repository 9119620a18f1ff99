"""T = k/f + b: a latency model that sees one clock, as most that are published do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.predict.clocks.clock_cells import CPU, EMC, GPU, ClockCells, varying
from codesign.predict.clocks.linear_terms import CONSTANT, Term, TermSum, fit_terms


@dataclass(frozen=True, slots=True)
class KOverF:
    """f is the GPU's clock, or the CPU's (then the memory's) where the GPU's was held still; k and b at least 0."""

    def fit(self, cells: Sequence[ClockCells]) -> list[TermSum]:
        """Each workload alone."""
        moved = varying(cells)
        clock = next((name for name in (GPU, CPU, EMC) if name in moved), None)
        terms = [CONSTANT] if clock is None else [Term(f"1/{clock}", clock, lambda hz: 1.0 / hz), CONSTANT]
        return [fit_terms(terms, one.columns, one.values) for one in cells]
