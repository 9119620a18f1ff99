"""Measures batch by batch; a batch in which the reference designs are not what they were is measured again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, StorageError

from .journal import Batch, Journal
from .measurer import Measurer, Tick
from .rules import LoopRules


def spread_of(references: FloatArray, before: Sequence[FloatArray]) -> float:
    """How far the worst of the reference designs is from its own median over batches, this one included.

    Args:
        references: (r,) of this batch.
        before: (r,) of each batch before.
    """
    over_batches = np.stack([*before, references])
    return float(np.max(np.abs(references / np.median(over_batches, axis=0) - 1.0)))


class Batches:
    """Measures through a journal: what is written there already is not measured again."""

    def __init__(
        self,
        measurer: Measurer,
        references: IntArray,
        rules: LoopRules,
        journal: Journal,
        tick: Tick,
        say: Callable[[str], None],
    ) -> None:
        self._measurer, self._references, self._rules, self._journal = measurer, references, rules, journal
        self._tick, self._say = tick, say
        self._written, self._next = journal.batches(), 0

    def measured(self, designs: IntArray, purpose: str) -> list[Batch]:
        """Measure designs (n, genes) in batches, each written down before the next.

        Raises:
            StorageError: the journal holds other designs at this place.
        """
        size = self._rules.batch
        return [self._one(designs[first : first + size], purpose) for first in range(0, len(designs), size)]

    def _one(self, designs: IntArray, purpose: str) -> Batch:
        number, self._next = self._next, self._next + 1
        if number < len(self._written):
            batch = self._written[number]
            if batch.purpose != purpose or not np.array_equal(batch.designs, designs):
                raise StorageError(
                    f"batch {number} holds other designs than this run asks for",
                    to_do="resume with the options and the version that it was begun with, or give another --out",
                )
            return batch
        batch = self._attempted(number, designs, purpose)
        if self._written and self._written[0].on != batch.on:
            raise ConfigError(
                f"this batch was measured on {batch.on}, those before on {self._written[0].on}",
                to_do="resume on the same machine with the same software, or give another --out",
            )
        self._journal.add(batch)
        if not batch.passed(self._rules.max_spread):
            self._say(
                f"batch {number + 1}: after {batch.attempts} attempts a reference design is still {batch.spread:.1%} "
                f"away from its median (at most {self._rules.max_spread:.0%} are asked for); its costs are kept"
            )
        return batch

    def _attempted(self, number: int, designs: IntArray, purpose: str) -> Batch:
        """The first attempt that the references vouch for, else the one that they deviate least in."""
        before = [batch.references for batch in self._journal.batches()]
        tried: list[Batch] = []
        while not tried or (len(tried) < self._rules.attempts and not tried[-1].passed(self._rules.max_spread)):
            found = self._measurer.measure(designs, self._references, number, len(tried), self._tick)
            tried.append(
                Batch(
                    purpose=purpose,
                    on=self._measurer.hardware,
                    designs=designs,
                    costs=found.costs,
                    latency_s=found.latency_s,
                    noisy=found.noisy,
                    references=found.references,
                    spread=spread_of(found.references, before),
                    attempts=len(tried) + 1,
                )
            )
        return replace(min(tried, key=lambda batch: batch.spread), attempts=len(tried))
