"""When a sample leaves: at the first exit that is sure enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arrays import FloatArray, IntArray
from .errors import ConfigError, ShapeError
from .exit_score import ENTROPY, known_score


@dataclass(frozen=True, slots=True)
class ExitPolicy:
    """Leave at the first exit that is at most as unsure as its threshold; the last one has none and always answers.

    How unsure is said by a score in nats, the entropy unless another is asked for (`contract.exit_score`). A NaN never
    leaves early: a broken exit costs energy, not answers.
    """

    thresholds_nats: tuple[float, ...]  # one per early exit: stages - 1 of them
    score: str = ENTROPY

    def __post_init__(self) -> None:
        if any(math.isnan(threshold) for threshold in self.thresholds_nats):
            raise ConfigError(f"a threshold is not a number: {self.thresholds_nats}")
        known_score(self.score)

    @property
    def stages(self) -> int:
        """How many stages this policy speaks of."""
        return len(self.thresholds_nats) + 1

    def leaves_at(self, exit_index: int, entropy_nats: float) -> bool:
        """Whether a sample that reached `exit_index` with this entropy, or whatever the score is, leaves there."""
        return exit_index == len(self.thresholds_nats) or entropy_nats <= self.thresholds_nats[exit_index]

    def exits_taken(self, entropies_nats: FloatArray) -> IntArray:
        """The same rule for many samples at once.

        Args:
            entropies_nats: (stages, samples); the last row is not looked at.
        Returns:
            (samples,) index of the exit at which each sample leaves.
        Raises:
            ShapeError: not one row per stage.
        """
        if entropies_nats.ndim != 2 or entropies_nats.shape[0] != self.stages:
            raise ShapeError(f"entropies must be ({self.stages} stages, samples), got shape {entropies_nats.shape}")
        leaves = np.ones(entropies_nats.shape, dtype=np.bool_)
        leaves[:-1] = entropies_nats[:-1] <= np.asarray(self.thresholds_nats)[:, None]
        taken: IntArray = leaves.argmax(axis=0)
        return taken
