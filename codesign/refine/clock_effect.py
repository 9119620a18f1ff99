"""What clocks do to a cost beyond the board's equations: a Gaussian process over the logarithms of the clocks.

It is held by its values at the points that were served. Elsewhere it returns to nothing, and says by how much it may be
off: that is what keeps a search from preferring clocks of which no board has reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.boards.board_profile import BoardProfile
from runtime.contract.arrays import FloatArray
from runtime.contract.operating_point import ABSENT_HZ, OperatingPoint

# Assumed, as a share of the logarithm from a clock's slowest to its fastest entry.
LENGTH = 0.5
JITTER = 1e-6


@dataclass(frozen=True, slots=True)
class ClockPlane:
    """Operating points of one board as places whose distance is how much alike they are."""

    low: FloatArray  # (3,), logarithms of the slowest clocks
    span: FloatArray  # (3,), from there to the fastest

    @classmethod
    def of(cls, board: BoardProfile) -> ClockPlane:
        """The plane of a board's clock tables; a clock that the board lacks, or that has one entry, has no extent."""
        tables = [[hz for hz in table.hz if hz != ABSENT_HZ] or [1] for table in (board.cpu, board.gpu, board.emc)]
        low = np.log([float(hz[0]) for hz in tables])
        return cls(low, np.log([float(hz[-1]) for hz in tables]) - low)

    def places(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points, 3), from 0 to 1."""
        hz = np.asarray([(p.cpu_hz, p.gpu_hz, p.emc_hz) for p in points], dtype=np.float64).reshape(-1, 3)
        place: FloatArray = np.log(np.maximum(hz, 1.0)) - self.low
        return np.where(self.span > 0, place / np.where(self.span > 0, self.span, 1.0), 0.0)

    def likeness(self, ours: Sequence[OperatingPoint], theirs: Sequence[OperatingPoint]) -> FloatArray:
        """(ours, theirs), 1 for the same point."""
        apart = self.places(ours)[:, None] - self.places(theirs)[None]
        alike: FloatArray = np.exp(-0.5 * (apart**2).sum(axis=2) / LENGTH**2)
        return alike


@dataclass(frozen=True, slots=True)
class Anchors:
    """The points that were served, and what other points have of the effects there."""

    plane: ClockPlane
    points: tuple[OperatingPoint, ...]
    root: FloatArray  # (anchors, anchors): effects there are root @ independent numbers

    @classmethod
    def at(cls, plane: ClockPlane, points: Sequence[OperatingPoint]) -> Anchors:
        """Points may not repeat."""
        likeness = plane.likeness(points, points) + JITTER * np.eye(len(points))
        return cls(plane, tuple(points), np.linalg.cholesky(likeness))

    def features(self, points: Sequence[OperatingPoint]) -> tuple[FloatArray, FloatArray]:
        """What a point's effect is made of, (points, anchors), and its remaining variance, (points,), of 1."""
        features = np.linalg.solve(self.root, self.plane.likeness(self.points, points)).T
        return features, np.maximum(1.0 - (features**2).sum(axis=1), 0.0)

    def apart(self, one: OperatingPoint, others: Sequence[OperatingPoint]) -> FloatArray:
        """(others,): variance, of 1, of what remains unknown of the difference between a point and others."""
        features, left = self.features([one, *others])
        alike = self.plane.likeness([one], others)[0] - features[0] @ features[1:].T
        unknown: FloatArray = np.maximum(left[0] + left[1:] - 2.0 * alike, 0.0)
        return unknown
