"""What measures designs for the loop: a board, or the model of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ShapeError
from runtime.contract.kind import Kind

Tick = Callable[[int, int, str], None]  # measured, of, what is measured now


@dataclass(frozen=True, slots=True)
class Readings:
    """One batch. What is `noisy` was read all the same, and should not be learnt from."""

    costs: FloatArray  # (designs,): what is asked for, seconds or joules
    latency_s: FloatArray  # (designs,)
    noisy: BoolArray  # (designs,)
    references: FloatArray  # (references,): costs of the reference designs, measured among the others

    def __post_init__(self) -> None:
        shapes = {self.costs.shape, self.latency_s.shape, self.noisy.shape}
        if len(shapes) != 1 or self.costs.ndim != 1 or self.references.ndim != 1:
            raise ShapeError(f"costs, latencies and noisy must be (designs,), got {sorted(shapes)}")


class Measurer(Protocol):
    """Where costs come from."""

    @property
    def kind(self) -> Kind:
        """Measured or simulated."""
        ...

    @property
    def hardware(self) -> str:
        """What the costs speak of, in words."""
        ...

    def measure(self, designs: IntArray, references: IntArray, batch: int, attempt: int, tick: Tick) -> Readings:
        """Costs of designs (n, genes) and, in the same go, of the reference designs (r, genes).

        Args:
            batch, attempt: number of the batch, and which attempt at it this is, both from 0.
        Raises:
            BoardError: the board cannot be reached, or cannot measure this cost.
        """
        ...
