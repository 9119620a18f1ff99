"""Has the world changed? A sequential test of where images leave and how sure the answers are, with a known alarm rate.

The bundle says, for each mode, how often images fell into each cell on the split that chose it: a cell is an exit and a
range of entropies there. That estimate has a sampling error, and some difference does not matter; so the test asks
whether a cell's share has left a band around it. For each cell, each side and a few sizes of change it keeps a
Shiryaev-Roberts statistic of likelihood ratios against the edge of the band (an e-detector: Shin, Ramdas and Rinaldo,
2024); their mean is one too. It alarms when that mean reaches `patience`: while every share stays within its band, on
average not before so many batches of images, whatever the shares are.

Images are taken to be independent. Frames of one scene are not: give one in so many of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError
from runtime.contract.expected_answers import ExpectedAnswers

STEPS = (0.03, 0.06, 0.12)  # sizes of change that are looked for, beyond the band
BATCH = 50  # images between two looks
Z = 3.3  # standard errors of the reference's shares that the band allows for: about one in a thousand cells
EDGE = 1e-4  # shares nearer to 0 or 1 are not told apart


@dataclass(frozen=True, slots=True)
class DriftRules:
    """Raises ConfigError on a value that cannot be meant."""

    tolerance: float = 0.01  # a share may differ by so much, sampling error aside
    patience: float = 1.6e6  # batches between false alarms, at least on average: 30 days at 30 images a second

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance < 0.5 or not self.patience > 1:
            raise ConfigError(
                f"drift rules cannot be meant: tolerance {self.tolerance}, patience {self.patience}", to_do="correct"
            )


@dataclass(frozen=True, slots=True)
class Alarm:
    """A cell's share has left its band."""

    exit_index: int
    expected: float
    found: float  # over the images since the statistic began to grow
    images: int

    def sentence(self) -> str:
        """For people."""
        return (
            f"{self.found:.1%} of the last {self.images:,} images left at exit {self.exit_index} with an entropy where"
            f" {self.expected:.1%} were expected"
        )


class DriftMonitor:
    """Fed with answers of one mode; `alarm` is set by the one that makes it sure, and stays until `reset`."""

    def __init__(self, expected: ExpectedAnswers, rules: DriftRules | None = None) -> None:
        self._expected_answers, self._rules = expected, DriftRules() if rules is None else rules
        shares = np.array([share for of_exit in expected.shares for share in of_exit])
        self._exit_of = [k for k, of_exit in enumerate(expected.shares) for _ in of_exit]
        spread = Z * np.sqrt(np.maximum(shares * (1 - shares), 1.0 / expected.images) / expected.images)
        margin = spread + self._rules.tolerance
        self._expected = shares
        self.band = (shares - margin, shares + margin)  # of each cell's share: lowest and highest that is no drift
        high, low = np.clip(shares + margin, EDGE, 1 - EDGE), np.clip(shares - margin, EDGE, 1 - EDGE)
        steps = np.array(STEPS)
        rising = np.clip(high[:, None] + steps, EDGE, 1 - EDGE)
        falling = np.clip(low[:, None] - steps, EDGE, 1 - EDGE)
        # Likelihood ratios per image in the cell and per image outside it: (cells, 2 sides × steps).
        edges = np.concatenate(
            [np.repeat(high[:, None], len(steps), 1), np.repeat(low[:, None], len(steps), 1)], axis=1
        )
        others = np.concatenate([rising, falling], axis=1)
        self._inside, self._outside = np.log(others / edges), np.log((1 - others) / (1 - edges))
        self.alarm: Alarm | None = None
        self.reset()

    def reset(self) -> None:
        """Forget what was seen, and the alarm."""
        self._statistic: FloatArray = np.full(self._inside.shape, -np.inf)  # logarithms
        self._counts = np.zeros(len(self._expected))
        self._since = np.zeros(len(self._expected))  # images since a cell's statistic was last negligible
        self._found = np.zeros(len(self._expected))
        self._pending = 0
        self.alarm = None

    def cell(self, exit_index: int, entropy_nats: float) -> int:
        """Which cell of `band` an answer falls into."""
        return self._expected_answers.cell(exit_index, entropy_nats)

    @property
    def level(self) -> float:
        """Logarithm of the statistic over that of the threshold: 1 is an alarm."""
        return float(_log_mean(self._statistic) / math.log(self._rules.patience))

    def answered(self, exit_index: int, entropy_nats: float) -> Alarm | None:
        """An image was answered; the alarm, if there is one."""
        self._counts[self._expected_answers.cell(exit_index, entropy_nats)] += 1
        self._pending += 1
        if self._pending >= BATCH:
            self._look(self._counts, self._pending)
            self._counts[:] = 0.0
            self._pending = 0
        return self.alarm

    def answered_many(self, counts: Sequence[float], images: int) -> Alarm | None:
        """A whole batch at once, by cell: what a collector knows of a fleet. The same rules hold."""
        self._look(np.asarray(counts, dtype=np.float64), images)
        return self.alarm

    def _look(self, counts: FloatArray, images: int) -> None:
        ratio = counts[:, None] * self._inside + (images - counts)[:, None] * self._outside
        self._statistic = np.logaddexp(self._statistic, 0.0) + ratio
        best = self._statistic.max(axis=1)
        quiet = best < math.log(2.0)
        self._since, self._found = (
            np.where(quiet, 0.0, self._since + images),
            np.where(quiet, 0.0, self._found + counts),
        )
        if self.alarm is None and _log_mean(self._statistic) >= math.log(self._rules.patience):
            cell = int(np.argmax(best))
            seen = max(float(self._since[cell]), 1.0)
            self.alarm = Alarm(
                self._exit_of[cell], float(self._expected[cell]), float(self._found[cell]) / seen, int(seen)
            )


def _log_mean(logarithms: FloatArray) -> float:
    most = float(logarithms.max())
    if most == -np.inf:
        return -math.inf
    return most + math.log(float(np.exp(logarithms - most).mean()))
