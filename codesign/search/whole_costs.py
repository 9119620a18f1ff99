"""What a fitted predictor says of whole backbones, by which a cost model's blocks are scaled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.cost import CostModel, StageCosts
from runtime.contract.errors import DataError
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .backbone_record import Genome


@dataclass(frozen=True, slots=True)
class Factors:
    """By what the cost model's blocks and heads of one backbone are multiplied, at every operating point."""

    latency: float = 1.0
    energy: float = 1.0


@dataclass(frozen=True, slots=True)
class WholeCosts:
    """Predicted costs of whole backbones, alone and without exits, at one of the operating points."""

    cost: Callable[[Genome], float]
    unit: Literal["s", "j"]
    point: OperatingPoint

    def factors(self, genome: Genome, static: StageCosts, overhead: float, at: int) -> Factors:
        """Such that the blocks and one stage overhead make what is predicted.

        Seconds scale joules with them, since the cost model's power is kept; joules scale nothing else.

        Args:
            static: the backbone by the cost model, (1, points).
            overhead: of one stage at the point, in the unit.
            at: number of the point.
        Raises:
            DataError: the overhead alone costs more than is predicted of the whole.
        """
        whole = self.cost(genome)
        if not np.isfinite(whole) or whole <= overhead:
            raise DataError(
                f"a backbone costs {whole:.3g} {self.unit} by the predictor, but entering one stage {overhead:.3g} "
                f"{self.unit} by the board's model",
                where="--predictor",
                to_do="fit the predictor on this board, or mend the stage overhead in the board's profile",
            )
        by_model = float((static.latency_s if self.unit == "s" else static.energy_j)[0, at])
        factor = (whole - overhead) / (by_model - overhead)
        return Factors(factor, factor) if self.unit == "s" else Factors(energy=factor)


class Board(CostModel, Protocol):
    """A cost model that can say what it stands on."""

    def assumptions(self) -> tuple[str, ...]:
        """In sentences."""
        ...


@dataclass(frozen=True, slots=True)
class PredictedBoard:
    """A board whose whole backbones were predicted; how costs divide over blocks, clocks and rails is its model's."""

    board: Board
    hardware: str
    remarks: tuple[str, ...]  # what is predicted, and what is not

    @property
    def kind(self) -> Kind:
        """Predicted."""
        return Kind.PREDICTED

    def assumptions(self) -> tuple[str, ...]:
        """What the numbers stand on."""
        return (*self.remarks, *self.board.assumptions())

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """As the board's model."""
        return self.board.latency_s(works, points)

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """As the board's model."""
        return self.board.busy_w(works, points)

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """As the board's model."""
        return self.board.stage_overhead_s(points)

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """As the board's model."""
        return self.board.stage_overhead_w(points)

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """As the board's model."""
        return self.board.idle_w(points)
