"""What measures and looks on in tests of the loop."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from codesign.predict.fitting.journal import Round
from codesign.predict.fitting.measurer import Readings, Tick
from runtime.contract.arrays import IntArray
from runtime.contract.kind import Kind


@dataclass
class SumOfGenes:
    """A design costs the sum of its genes; batches in `disturbed` are slow at as many attempts as it says."""

    disturbed: dict[int, int] = field(default_factory=dict)
    noisy_depth: int | None = None  # designs whose last two genes sum to this are noisy
    stop_at: int | None = None  # the batch that is interrupted
    hardware: str = "the sum of genes"
    calls: list[tuple[int, int]] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        """Simulated."""
        return Kind.SIMULATED

    def measure(self, designs: IntArray, references: IntArray, batch: int, attempt: int, tick: Tick) -> Readings:
        """Remembers that it was called."""
        if batch == self.stop_at:
            raise KeyboardInterrupt
        self.calls.append((batch, attempt))
        tick(len(designs), len(designs), "summed")
        factor = 1.5 - 0.1 * attempt if attempt < self.disturbed.get(batch, 0) else 1.0
        costs = factor * designs.sum(axis=1).astype(np.float64)
        noisy = designs[:, -2:].sum(axis=1) == (-1 if self.noisy_depth is None else self.noisy_depth)
        return Readings(costs, costs, noisy, factor * references.sum(axis=1).astype(np.float64))


@dataclass
class Onlooker:
    """Remembers everything."""

    rounds: list[Round] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    ticks: list[tuple[int, int, str]] = field(default_factory=list)

    def tick(self, done: int, of: int, note: str) -> None:
        """A batch is being measured."""
        self.ticks.append((done, of, note))

    def judged(self, done: Round) -> None:
        """A round has ended."""
        self.rounds.append(done)

    def say(self, text: str) -> None:
        """Something that must be known."""
        self.said.append(text)
