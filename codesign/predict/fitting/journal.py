"""What the loop has done so far: batches that were measured and rounds that were judged, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from runtime.contract.arrays import BoolArray, FloatArray, IntArray

TEST, TRAIN = "test", "train"


@dataclass(frozen=True, slots=True)
class Batch:
    """Designs that were measured together, and what the reference designs said of it."""

    purpose: str  # TEST or TRAIN
    on: str  # what the costs speak of, in words
    designs: IntArray  # (n, genes)
    costs: FloatArray  # (n,): what is fitted, seconds or joules
    latency_s: FloatArray  # (n,)
    noisy: BoolArray  # (n,)
    references: FloatArray  # (references,)
    spread: float  # how far the worst reference was from its median over batches
    attempts: int

    def passed(self, max_spread: float) -> bool:
        """Whether the reference designs vouch for it."""
        return self.spread <= max_spread


@dataclass(frozen=True, slots=True)
class Round:
    """One fit, judged on the test set."""

    number: int  # from 0
    measured: int  # designs measured to learn from, those set aside as noisy included
    learnt: int  # those that the predictor was fitted on
    per_bin: tuple[int, ...]  # of these
    accuracy: tuple[float, ...]  # per bin: 1 - mean relative error on the test designs of that bin
    fit_s: float

    def passed(self, bin_accuracy: float) -> tuple[bool, ...]:
        """Which bins are accurate enough."""
        return tuple(accuracy >= bin_accuracy for accuracy in self.accuracy)


class Journal(Protocol):
    """Where both are written down before the loop goes on; a resumed loop finds them there."""

    def batches(self) -> tuple[Batch, ...]:
        """In the order they were measured."""
        ...

    def rounds(self) -> tuple[Round, ...]:
        """In order."""
        ...

    def add(self, entry: Batch | Round) -> None:
        """Raises OSError, and then the loop stops."""
        ...


class MemoryJournal:
    """A journal that is gone when the program ends."""

    def __init__(self) -> None:
        self._entries: list[Batch | Round] = []

    def batches(self) -> tuple[Batch, ...]:
        """In the order they were measured."""
        return tuple(entry for entry in self._entries if isinstance(entry, Batch))

    def rounds(self) -> tuple[Round, ...]:
        """In order."""
        return tuple(entry for entry in self._entries if isinstance(entry, Round))

    def add(self, entry: Batch | Round) -> None:
        """Append."""
        self._entries.append(entry)
