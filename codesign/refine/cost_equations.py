"""Seconds, watts and joules of designs as equations of what is to be learnt, with their derivatives.

What is learnt are logarithms: of one factor per term of the board (`board_terms`), then of one factor per piece of
work, which holds for its time at all clocks. What they leave over is `clock_effect`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.boards.board_profile import BoardProfile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import StageWork
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .board_terms import Term, terms_of, with_factors

STEP = 1e-4  # of a logarithm, for derivatives
MOST = 3.0  # a logarithm beyond that is no correction any more
Scales = Mapping[Work, tuple[float, float]]  # by what a predictor had scaled a piece's seconds, and its watts


@dataclass(frozen=True, slots=True)
class Pieces:
    """Rows, each a run at one point: how often every piece of work runs, how many stages are entered, and where."""

    counts: FloatArray  # (rows, works); a mean over images is no whole number
    entries: FloatArray  # (rows,)
    at: IntArray  # (rows,), number of the operating point

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Costs:
    """Natural logarithms of the costs of rows, and what each changes by with each logarithm learnt."""

    ln_s: FloatArray  # (rows,)
    ln_j: FloatArray
    ln_idle_w: FloatArray  # at the row's point
    by_s: FloatArray  # (rows, terms + works)
    by_j: FloatArray
    by_idle: FloatArray
    idle_share: FloatArray  # (rows,), of the power while at work


@dataclass(frozen=True, slots=True)
class CostEquations:
    """Of one device of one board and the works that its designs are made of."""

    board: BoardProfile
    device: str
    works: tuple[Work, ...]
    scales: FloatArray  # (works, 2)
    terms: tuple[Term, ...]

    @classmethod
    def of(cls, board: BoardProfile, device: str, works: Sequence[Work], scales: Scales | None = None) -> CostEquations:
        """Works may repeat. Raises BoardError: no such device."""
        distinct = tuple(dict.fromkeys(works))
        given = np.asarray([(scales or {}).get(work, (1.0, 1.0)) for work in distinct]).reshape(-1, 2)
        return cls(board, device, distinct, given, terms_of(board, device))

    @property
    def size(self) -> int:
        """How many logarithms are learnt."""
        return len(self.terms) + len(self.works)

    def simulated(self, learnt: FloatArray) -> SimulatedBoard:
        """The board with its terms so corrected."""
        factors = np.exp(np.clip(learnt[: len(self.terms)], -MOST, MOST))
        named = {term.name: float(factor) for term, factor in zip(self.terms, factors, strict=True)}
        return SimulatedBoard(with_factors(self.board, self.device, named), self.device)

    def prefixes(self, stages: Sequence[StageWork]) -> tuple[FloatArray, FloatArray]:
        """What an image runs that leaves at each stage: pieces, (stages, works), and stages entered, (stages,)."""
        place = {work: number for number, work in enumerate(self.works)}
        counts = np.zeros((len(stages), len(self.works)))
        for number, stage in enumerate(stages):
            for work in (*stage.blocks, stage.head):
                counts[number, place[work]] += 1.0
        return counts.cumsum(axis=0), np.arange(1.0, len(stages) + 1.0)

    def costs(self, pieces: Pieces, points: Sequence[OperatingPoint], learnt: FloatArray) -> Costs:
        """Of all rows."""
        terms = len(self.terms)
        now = self._once(pieces, points, learnt)
        by_s, by_j, by_idle = (np.zeros((len(pieces), self.size)) for _ in range(3))
        for number in range(terms):
            moved = learnt.copy()
            moved[number] += STEP
            then = self._once(pieces, points, moved)
            by_s[:, number] = np.log(then[0] / now[0]) / STEP
            by_j[:, number] = np.log(then[1] / now[1]) / STEP
            by_idle[:, number] = np.log(then[2] / now[2]) / STEP
        seconds, joules = now[3], now[4]
        by_s[:, terms:] = pieces.counts * seconds / now[0][:, None]
        by_j[:, terms:] = pieces.counts * joules / now[1][:, None]
        idle_share = now[2] * now[0] / now[1]
        return Costs(np.log(now[0]), np.log(now[1]), np.log(now[2]), by_s, by_j, by_idle, idle_share)

    def _once(
        self, pieces: Pieces, points: Sequence[OperatingPoint], learnt: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Seconds, joules and idle watts of the rows, (rows,); seconds and joules of every piece, (rows, works)."""
        model = self.simulated(learnt)
        own = np.exp(learnt[len(self.terms) :])[:, None] * self.scales[:, :1]
        seconds = model.latency_s(self.works, points) * own
        joules = seconds * model.busy_w(self.works, points) * self.scales[:, 1:]
        overhead_s = model.stage_overhead_s(points)
        overhead_j = overhead_s * model.stage_overhead_w(points)
        at = pieces.at
        of_s, of_j = seconds.T[at], joules.T[at]
        return (
            (pieces.counts * of_s).sum(axis=1) + pieces.entries * overhead_s[at],
            (pieces.counts * of_j).sum(axis=1) + pieces.entries * overhead_j[at],
            model.idle_w(points)[at],
            of_s,
            of_j,
        )
