"""A board's cost model with what was served folded in: the same blocks, summed the same way, at other prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .clock_effect import Anchors
from .update import Posterior
from .variances import CLOCK_POWER, CLOCK_TIME, UNIT_ACTIVE, UNIT_IDLE, UNIT_TIME


@dataclass(frozen=True, slots=True)
class Own:
    """What one unit has beyond its kind of board, as factors."""

    time: float = 1.0
    idle: float = 1.0
    active: float = 1.0


COMMON = Own()


@dataclass(frozen=True, slots=True)
class RefinedBoard:
    """A CostModel. Pieces of work that were never served cost what the board's corrected terms say."""

    board: SimulatedBoard
    hardware: str
    remarks: tuple[str, ...]
    scales: Mapping[Work, tuple[float, float]]  # of seconds and of watts
    anchors: Anchors
    clock_time: FloatArray  # (anchors,)
    clock_power: FloatArray
    own: Own = COMMON
    # By what an estimate may be too low beside the clocks that were served: searches are to be on the safe side.
    doubt: Mapping[OperatingPoint, tuple[float, float]] | None = None

    @property
    def kind(self) -> Kind:
        """Predicted."""
        return Kind.PREDICTED

    def assumptions(self) -> tuple[str, ...]:
        """What the numbers stand on."""
        return (*self.remarks, *self.board.assumptions())

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): seconds per image."""
        own = np.asarray([self.scales.get(work, (1.0, 1.0))[0] for work in works]).reshape(-1, 1)
        latency_s: FloatArray = self.board.latency_s(works, points) * own * self._time(points)
        return latency_s

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): never below what waiting draws."""
        own = np.asarray([self.scales.get(work, (1.0, 1.0))[1] for work in works]).reshape(-1, 1)
        return self._power(self.board.busy_w(works, points) * own, points)

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,)."""
        overhead_s: FloatArray = self.board.stage_overhead_s(points) * self._time(points)
        return overhead_s

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,)."""
        return self._power(self.board.stage_overhead_w(points), points)

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,)."""
        idle_w: FloatArray = self.board.idle_w(points) * self.own.idle
        return idle_w

    def _time(self, points: Sequence[OperatingPoint]) -> FloatArray:
        features, _ = self.anchors.features(points)
        factors: FloatArray = np.exp(features @ self.clock_time) * self.own.time * self._doubt(points)[:, 0]
        return factors

    def _power(self, busy_w: FloatArray, points: Sequence[OperatingPoint]) -> FloatArray:
        """Watts at work, from what the corrected terms say; doubt about joules is that of time and of power."""
        features, _ = self.anchors.features(points)
        plain_w = self.board.idle_w(points)
        own_w = plain_w * self.own.idle + (busy_w - plain_w) * self.own.active
        doubt = self._doubt(points)
        drawn_w: FloatArray = own_w * np.exp(features @ self.clock_power) * doubt[:, 1] / doubt[:, 0]
        return np.maximum(drawn_w, self.idle_w(points))

    def _doubt(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points, 2): factors of seconds and of joules."""
        if self.doubt is None:
            return np.ones((len(points), 2))
        return np.asarray([self.doubt.get(point, (1.0, 1.0)) for point in points])


def refined_board(
    posterior: Posterior, hardware: str, remarks: tuple[str, ...], unit: str | None = None
) -> RefinedBoard:
    """The kind of board as it is now believed to be, or one unit of it.

    Raises:
        ValueError: no such unit.
    """
    equations, layout, mean = posterior.equations, posterior.layout, posterior.mean
    groups = layout.groups
    factors = np.exp(mean[layout.terms : layout.terms + layout.works])
    scales = {
        work: (float(factor * scale[0]), float(scale[1]))
        for work, factor, scale in zip(equations.works, factors, equations.scales, strict=True)
    }
    own = COMMON
    if unit is not None:
        number = posterior.units.index(unit)
        own = Own(*(float(np.exp(mean[groups[name]][number])) for name in (UNIT_TIME, UNIT_IDLE, UNIT_ACTIVE)))
    return RefinedBoard(
        equations.simulated(posterior.learnt),
        hardware,
        remarks,
        scales,
        posterior.anchors,
        mean[groups[CLOCK_TIME]],
        mean[groups[CLOCK_POWER]],
        own,
    )
