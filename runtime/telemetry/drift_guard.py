"""What a daemon does about drift of one mode: an alarm makes it more cautious, answers as expected make it trust again.

It is told where the mode's own thresholds would have let each image leave, whatever thresholds are in force, so that
the test goes on while images run deeper. Each alarm is one step: half of the thresholds, then full depth. Trust returns
at once and in full when the last `recover_images` lie within all the bands that count as no drift.
An alarm soon after that doubles how many it takes the next time, so that what sits at the band's edge does not flap.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError
from runtime.contract.expected_answers import ExpectedAnswers

from .drift import BATCH, Alarm, DriftMonitor, DriftRules

LEAST_RECOVER = 2000  # images: with fewer, chance alone moves a share by more than what matters
SOON = 50  # times what it took to recover: an alarm within so many images means that trust came too early
MOST_DOUBLED = 16
DRIFT = DriftRules()


class Step(Enum):
    """What an answer led to."""

    ALARMED = "alarmed"  # one step more cautious, where there is one
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class GuardRules:
    """Raises ConfigError on a value that cannot be meant."""

    drift: DriftRules = DRIFT
    recover_images: int = LEAST_RECOVER

    def __post_init__(self) -> None:
        if self.recover_images < LEAST_RECOVER:
            raise ConfigError(
                f"{self.recover_images} images say too little about shares", to_do=f"give {LEAST_RECOVER} or more"
            )


class DriftGuard:
    """Fed with one mode's answers, one at a time and from one thread."""

    def __init__(self, expected: ExpectedAnswers, highest: int, rules: GuardRules | None = None) -> None:
        """Trust the mode.

        Args:
            highest: level of caution that it may take; 0 where the mode lets no image leave early.
        """
        self._rules = GuardRules() if rules is None else rules
        self._monitor, self._highest = DriftMonitor(expected, self._rules.drift), highest
        self.level = 0
        self.alarm: Alarm | None = None  # the latest one, until it recovers
        self.alarms = 0
        self._doubled = 1
        self._since_recovery: int | None = None  # images; None: it has not recovered yet
        cells = self._monitor.growth.shape[0]
        self._batch: FloatArray = np.zeros(cells)
        self._in_batch = 0
        self._batches: deque[FloatArray] = deque()
        self._recent: FloatArray = np.zeros(cells)  # sum of `_batches`

    @property
    def statistic(self) -> float:
        """Of the test that runs: 1 is an alarm."""
        return self._monitor.level

    @property
    def recover_images(self) -> int:
        """How many in a row it takes now."""
        return self._rules.recover_images * self._doubled

    def answered(self, exit_index: int, entropy_nats: float) -> Step | None:
        """An image of which the mode's own thresholds would have made this; what it led to, if anything."""
        alarmed = self._monitor.answered(exit_index, entropy_nats)
        if self._since_recovery is not None:
            self._since_recovery += 1
        if alarmed is not None:
            return self._alarmed(alarmed)
        if self.alarm is None:
            return None
        self._batch[self._monitor.cell(exit_index, entropy_nats)] += 1
        self._in_batch += 1
        return self._recovered() if self._in_batch == BATCH else None

    def _alarmed(self, alarm: Alarm) -> Step | None:
        worse = self.alarm is None or self.level < self._highest
        if self._since_recovery is not None:
            soon = self._since_recovery <= SOON * self.recover_images
            self._doubled = min(2 * self._doubled, MOST_DOUBLED) if soon else 1
            self._since_recovery = None
        self.alarm, self.level = alarm, min(self.level + 1, self._highest)
        self._monitor.reset()
        self._forget()
        self.alarms += worse
        return Step.ALARMED if worse else None  # at the highest level there is nothing new to say

    def _recovered(self) -> Step | None:
        """Whether the last so many lie within the band, looked at once a batch."""
        self._recent += self._batch
        self._batches.append(self._batch)
        self._batch, self._in_batch = np.zeros_like(self._batch), 0
        images = len(self._batches) * BATCH
        if images - BATCH >= self.recover_images:
            self._recent -= self._batches.popleft()
            images -= BATCH
        if images < self.recover_images or not self._monitor.within(self._recent / images):
            return None
        self.level, self.alarm, self._since_recovery = 0, None, 0
        self._monitor.reset()
        self._forget()
        return Step.RECOVERED

    def _forget(self) -> None:
        self._batches.clear()
        self._recent, self._batch, self._in_batch = np.zeros_like(self._recent), np.zeros_like(self._batch), 0
