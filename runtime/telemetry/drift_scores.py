"""What drift is looked for in: numbers that answers have, their means on the split that chose a mode, and their bands.

Answers fall into cells (an exit and a range of entropies there), in order from the surest at the first exit to the
least sure at the last. One score per boundary between cells is 1 below it: shares that add up notice images that all
became a little less sure, which single cells do not. One more is how often answers of that cell were wrong on that
split; its mean is the share of wrong answers to be expected, and only its growth matters.

A mean is known as well as so many images tell it, so the true one may lie so many standard errors beside it; and some
difference does not matter. Both together are the band within which there is no drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.expected_answers import ExpectedAnswers

SHARE_STEPS = (0.02, 0.05, 0.12)  # sizes of change that are looked for, beyond the band
FAULT_STEPS = (0.008, 0.02, 0.05)
EDGE = 1e-4  # shares nearer to 0 or 1 are not told apart
LEAST_SPREAD = 1e-6
MOST_STAKE = 0.9  # of what there is, on one image: nothing is ever lost in full


@dataclass(frozen=True, slots=True)
class Score:
    """One of them."""

    values: FloatArray  # by cell
    mean: float
    low: float  # of the mean: below, it has drifted; minus infinity where that does not matter
    high: float
    exit_index: int | None  # of a boundary: what is below left there or earlier; None: faults
    most_nats: float | None  # … and there with at most this entropy; None: any

    def sentence(self, found: float, images: int) -> str:
        """An alarm about it, for people."""
        if self.exit_index is None:
            return (
                f"going by where the last {images:,} images left and how sure the answers were, {found:.1%} of them"
                f" are wrong where {self.mean:.1%} were expected to be"
            )
        sure = "" if self.most_nats is None else f", there with at most {self.most_nats:.2g} nats,"
        return (
            f"{found:.1%} of the last {images:,} images left by exit {self.exit_index}{sure} where {self.mean:.1%}"
            " were expected"
        )


def scores_of(expected: ExpectedAnswers, tolerance: float, standard_errors: float) -> tuple[Score, ...]:
    """Those of shares, then the one of faults where the bundle knows them.

    Args:
        tolerance: a share may differ by so much, sampling error aside.
        standard_errors: of the means, within which the true ones are taken to lie.
    """
    shares = np.array([share for of_exit in expected.shares for share in of_exit])
    places = [
        (exit_index, edge)
        for exit_index, edges in enumerate(expected.entropy_edges)
        for edge in (*edges, None)  # the last range of an exit ends with the exit
    ]
    found = []
    for below, (exit_index, most_nats) in enumerate(places[:-1], start=1):
        mean = float(shares[:below].sum())
        spread = np.sqrt(max(mean * (1 - mean), 1.0 / expected.images) / expected.images)
        margin = float(standard_errors * spread) + tolerance
        values = (np.arange(len(shares)) < below).astype(np.float64)
        found.append(Score(values, mean, mean - margin, mean + margin, exit_index, most_nats))
    if expected.faults:
        values = np.array([fault for of_exit in expected.faults for fault in of_exit])
        mean = float(shares @ values)
        spread = np.sqrt(max(float(shares @ values**2) - mean**2, 0.0) / expected.images)
        if spread > LEAST_SPREAD:  # else all cells are alike, and nothing can be seen by them
            found.append(Score(values, mean, -np.inf, mean + float(standard_errors * spread), None, None))
    return tuple(found)


def growth(score: Score, shares: FloatArray) -> FloatArray:
    """Logarithms by which a bet on a drift of this score grows with each image: (cells, bets).

    Of a share, likelihood ratios against the edge of the band; of faults, stakes on a mean above it (Waudby-Smith and
    Ramdas, JRSS B 2024, section 4). Either way the expected factor is at most 1 while the mean lies within the band.
    """
    if score.exit_index is None:
        variance = float(shares @ (score.values - score.mean) ** 2)
        most = MOST_STAKE / (score.high - float(score.values.min()))
        stakes = np.array([min(step / variance, most) for step in FAULT_STEPS])
        faults: FloatArray = np.log1p(np.outer(score.values - score.high, stakes))
        return faults
    bets = []
    for edge, side in ((score.high, 1.0), (score.low, -1.0)):
        held = float(np.clip(edge, EDGE, 1 - EDGE))
        for step in SHARE_STEPS:
            other = float(np.clip(held + side * step, EDGE, 1 - EDGE))
            inside, outside = np.log(other / held), np.log((1 - other) / (1 - held))
            bets.append(np.where(score.values > 0, inside, outside))
    return np.stack(bets, axis=1)
