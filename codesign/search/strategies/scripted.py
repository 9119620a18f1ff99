"""Turns a search written as a plain loop into a strategy that is asked and told.

The loop is a generator: it yields the designs whose worth it wants to know and is sent their worth. What was told
before is answered from memory, so that a loop which is run anew over the record of an interrupted search comes to the
very state in which the first one was.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .record import Record
from .search_space import keys

# Yields designs (n, genes), is sent their objectives (n, objectives), NaN where failed, and violations (n,). It draws
# from generators of its own only, so that nothing but what it is sent decides what it does.
Script = Generator[IntArray, tuple[FloatArray, FloatArray], None]
STALLED = 20  # rounds of a loop that wants nothing new, after which a random design is proposed instead


class Scripted:
    """A strategy that does what a script wants; once that wants nothing new, draws evenly from what is left."""

    def __init__(self, record: Record, script: Script) -> None:
        self.record = record
        self._script: Script | None = script
        self._wanted: IntArray | None = None

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`; no more than the script wants at a time. Raises whatever the script raises."""
        record = self.record
        wanted = self._unanswered()
        found = record.ask(wanted[[key not in record for key in keys(wanted)]][:count])
        # Nothing while designs are with their evaluators: those who ask in parallel are given something to do.
        return found if len(found) else record.ask(record.space.fresh(record.generator(), count, record.taken))

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)

    def _unanswered(self) -> IntArray:
        """(n, genes): what the script wants to know and was not told; none once it has come to its end or stalls."""
        nothing = np.zeros((0, self.record.space.genes), dtype=np.int64)
        for _ in range(STALLED):
            if self._wanted is not None:
                rows = [self.record.row(key) for key in keys(self._wanted)]
                if any(row is None for row in rows):
                    return self._wanted[[row is None for row in rows]]
            if self._script is None:
                return nothing
            try:
                if self._wanted is None:
                    self._wanted = next(self._script)
                else:
                    told = np.array(rows, dtype=np.int64)
                    self._wanted = self._script.send((self.record.values[told], self.record.violations[told]))
            except StopIteration:
                self._script = self._wanted = None
        return nothing
