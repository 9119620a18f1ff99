"""What every candidate exit of a chain answered for every sample, so that any policy can be replayed on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ShapeError
from runtime.contract.exit_score import ENTROPY

from .expected_change import ExpectedChange


@dataclass(frozen=True, slots=True)
class ExitLog:
    """Candidates in the order in which a sample meets them; the last one is the end of the chain and always answers.

    A NaN entropy is allowed: such a sample never leaves at that exit. Raises ShapeError where the shapes disagree.
    """

    entropy_nats: FloatArray  # (candidates, samples)
    predictions: IntArray  # (candidates, samples), class indices
    labels: IntArray  # (samples,), class indices
    full: IntArray | None = None  # (samples,), what the full network answers; None: what the last candidate does
    likely: FloatArray | None = None  # (samples, classes), of each label, by `policy.likely_labels`; None: not asked
    score: str = ENTROPY  # what `entropy_nats` holds, one of `contract.exit_score`
    change: ExpectedChange | None = None  # by `policy.expected_change`; None: not asked

    def __post_init__(self) -> None:
        if self.labels.ndim != 1 or self.labels.size == 0:
            raise ShapeError(f"labels must be (samples,) with at least one sample, got shape {self.labels.shape}")
        for name, array in (("entropy_nats", self.entropy_nats), ("predictions", self.predictions)):
            if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] != self.labels.size:
                raise ShapeError(f"{name} must be (candidates, {self.labels.size} samples), got shape {array.shape}")
        if self.entropy_nats.shape != self.predictions.shape:
            raise ShapeError(
                f"entropies of {self.entropy_nats.shape[0]} candidates but predictions of {self.predictions.shape[0]}"
            )
        if self.full is not None and self.full.shape != self.labels.shape:
            raise ShapeError(f"full must be ({self.labels.size} samples,), got shape {self.full.shape}")

    @property
    def candidates(self) -> int:
        """Candidate exits, the end of the chain included."""
        return int(self.entropy_nats.shape[0])

    @property
    def samples(self) -> int:
        """Samples that were shown to every exit."""
        return int(self.labels.size)

    @property
    def correct(self) -> BoolArray:
        """(candidates, samples): whether that exit's answer is the label."""
        right: BoolArray = self.predictions == self.labels
        return right

    @property
    def full_right(self) -> BoolArray:
        """(samples,): whether the full network's own answer is the label; what harm is counted against.

        The last candidate answers otherwise where it counts in what earlier exits said (`policy.averaging`).
        """
        right: BoolArray = (self.predictions[-1] if self.full is None else self.full) == self.labels
        return right

    @property
    def chances_right(self) -> FloatArray:
        """(candidates, samples): how likely that exit's answer is right; 0 or 1 where only the labels are known."""
        if self.likely is None:
            return self.correct.astype(np.float64)
        chances: FloatArray = self.likely[np.arange(self.samples), self.predictions]
        return chances

    @property
    def chances_harmed(self) -> FloatArray:
        """(candidates, samples): how likely that exit answers wrongly what the full network gets right."""
        if self.likely is None:
            return (~self.correct & self.full_right).astype(np.float64)
        full = self.predictions[-1] if self.full is None else self.full
        chances: FloatArray = (self.predictions != full) * self.likely[np.arange(self.samples), full]
        return chances

    def of_samples(self, indices: IntArray | BoolArray) -> ExitLog:
        """The same candidates on some of the samples (a resplit)."""
        full = None if self.full is None else self.full[indices]
        return replace(
            self,
            entropy_nats=self.entropy_nats[:, indices],
            predictions=self.predictions[:, indices],
            labels=self.labels[indices],
            full=full,
            likely=None if self.likely is None else self.likely[indices],
            change=None,  # it may be asked anew
        )


def joined(logs: Sequence[ExitLog]) -> ExitLog:
    """The log of a chain from the logs of its backbones, in order.

    Raises:
        ShapeError: no log at all, or the logs are not of the same samples in the same order.
    """
    if not logs:
        raise ShapeError("a chain needs at least one backbone; got no log")
    for log in logs[1:]:
        if not np.array_equal(log.labels, logs[0].labels):
            raise ShapeError(
                "the logs of a chain's backbones have different labels",
                to_do="record all of them on the same samples, in the same order",
            )
        if log.score != logs[0].score:
            raise ShapeError(f"the logs of a chain's backbones hold {logs[0].score!r} and {log.score!r}")
    return ExitLog(
        np.concatenate([log.entropy_nats for log in logs]),
        np.concatenate([log.predictions for log in logs]),
        logs[0].labels,
        logs[-1].full,
        score=logs[0].score,
    )
