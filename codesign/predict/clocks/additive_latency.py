"""T = a/f_gpu + m/f_emc + c/f_cpu + b: latency as if nothing overlapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.predict.clocks.clock_cells import CPU, EMC, GPU, ClockCells, varying
from codesign.predict.clocks.linear_terms import CONSTANT, Term, TermSum, fit_terms


@dataclass(frozen=True, slots=True)
class AdditiveLatency:
    """Every weight at least 0; a clock that was held still is part of b."""

    def fit(self, cells: Sequence[ClockCells]) -> list[TermSum]:
        """Each workload alone."""
        moved = varying(cells)
        clocks = [name for name in (GPU, EMC, CPU) if name in moved]
        terms = [*(Term(f"1/{name}", name, lambda hz: 1.0 / hz) for name in clocks), CONSTANT]
        return [fit_terms(terms, one.columns, one.values) for one in cells]
