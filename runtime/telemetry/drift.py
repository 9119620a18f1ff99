"""Has the world changed? A sequential test of where images leave and how sure the answers are, with a known alarm rate.

The bundle says, for each mode, how often images fell into each cell on the split that chose it, and how often answers
there were wrong; `drift_scores` makes numbers of that whose means have bands. For each of them, each side and a few
sizes of change this keeps a Shiryaev-Roberts statistic of factors that do not grow, on average, while the mean lies
within its band (an e-detector: Shin, Ramdas and Rinaldo, 2024); their weighted mean is one too. It alarms when that
mean reaches `patience`: while everything stays within its band, on average not before so many batches of images,
whatever the shares are.

Images are taken to be independent. Frames of one scene are not: give one in so many of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.errors import ConfigError
from runtime.contract.expected_answers import ExpectedAnswers

from .drift_scores import growth, scores_of

BATCH = 50  # images between two looks
FAULTS_WEIGH = 0.5  # the score of faults as much as all shares together


@dataclass(frozen=True, slots=True)
class DriftRules:
    """Raises ConfigError on a value that cannot be meant."""

    tolerance: float = 0.005  # a share may differ by so much, sampling error aside
    standard_errors: float = 3.0  # of the reference, that the bands allow for
    patience: float = 1.6e6  # batches between false alarms, at least on average: 30 days at 30 images a second

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance < 0.5 or not self.standard_errors >= 0 or not self.patience > 1:
            raise ConfigError(f"drift rules cannot be meant: {self}", to_do="correct them")


@dataclass(frozen=True, slots=True)
class Alarm:
    """A mean has left its band."""

    text: str
    expected: float
    found: float  # over the images since the statistic began to grow
    images: int

    def sentence(self) -> str:
        """For people."""
        return self.text


class DriftMonitor:
    """Fed with answers of one mode; `alarm` is set by the one that makes it sure, and stays until `reset`."""

    def __init__(self, expected: ExpectedAnswers, rules: DriftRules | None = None) -> None:
        self._expected, self._rules = expected, DriftRules() if rules is None else rules
        shares = np.array([share for of_exit in expected.shares for share in of_exit])
        self.scores = scores_of(expected, self._rules.tolerance, self._rules.standard_errors)
        bets = [growth(score, shares) for score in self.scores]
        self._of = np.repeat(np.arange(len(bets)), [each.shape[1] for each in bets])  # score of each bet
        self.growth: FloatArray = np.concatenate(bets, axis=1) if bets else np.zeros((len(shares), 0))
        self.weights = self._weights()
        self._values = np.array([score.values for score in self.scores]).reshape(len(self.scores), len(shares))
        self.alarm: Alarm | None = None
        self.reset()

    def _weights(self) -> FloatArray:
        """Of each bet in the mean; all together 1."""
        faults = np.array([self.scores[k].exit_index is None for k in self._of], dtype=bool)
        if not faults.any() or faults.all():
            return np.full(len(faults), 1.0 / max(len(faults), 1))
        each: FloatArray = np.where(faults, FAULTS_WEIGH / faults.sum(), (1 - FAULTS_WEIGH) / (~faults).sum())
        return each

    def reset(self) -> None:
        """Forget what was seen, and the alarm."""
        self._statistic: FloatArray = np.full(len(self._of), -np.inf)  # logarithms, by bet
        self._counts = np.zeros(self.growth.shape[0])
        self._since = np.zeros(len(self.scores))  # images since a score's statistic was last negligible
        self._found = np.zeros(len(self.scores))  # sums over these
        self._pending = 0
        self.alarm = None

    def cell(self, exit_index: int, entropy_nats: float) -> int:
        """Which cell an answer falls into."""
        return self._expected.cell(exit_index, entropy_nats)

    def within(self, shares: FloatArray) -> bool:
        """Whether shares of cells are no drift: every mean lies within its band."""
        return all(
            score.low <= mean <= score.high for score, mean in zip(self.scores, self._values @ shares, strict=True)
        )

    @property
    def level(self) -> float:
        """Logarithm of the statistic over that of the threshold: 1 is an alarm."""
        return float(self._log_mean() / math.log(self._rules.patience))

    def answered(self, exit_index: int, entropy_nats: float) -> Alarm | None:
        """An image was answered; the alarm, if there is one."""
        self._counts[self._expected.cell(exit_index, entropy_nats)] += 1
        self._pending += 1
        if self._pending >= BATCH:
            self._look(self._counts, self._pending)
            self._counts[:] = 0.0
            self._pending = 0
        return self.alarm

    def answered_many(self, counts: Sequence[float], images: int) -> Alarm | None:
        """A whole batch at once, by cell. The same rules hold."""
        self._look(np.asarray(counts, dtype=np.float64), images)
        return self.alarm

    def _look(self, counts: FloatArray, images: int) -> None:
        if not self.scores:  # one cell: there is nothing to differ
            return
        self._statistic = np.logaddexp(self._statistic, 0.0) + counts @ self.growth
        best = np.full(len(self.scores), -np.inf)
        np.maximum.at(best, self._of, self._statistic)
        grows: BoolArray = best >= math.log(2.0)
        self._since = np.where(grows, self._since + images, 0.0)
        self._found = np.where(grows, self._found + self._values @ counts, 0.0)
        if self.alarm is None and self._log_mean() >= math.log(self._rules.patience):
            self.alarm = self._alarm(int(np.argmax(best)))

    def _alarm(self, index: int) -> Alarm:
        score, images = self.scores[index], max(int(self._since[index]), 1)
        found = float(self._found[index]) / images
        return Alarm(score.sentence(found, images), score.mean, found, images)

    def _log_mean(self) -> float:
        most = float(self._statistic.max(initial=-np.inf))
        if most == -np.inf:
            return -math.inf
        return most + math.log(float(np.exp(self._statistic - most) @ self.weights))
