"""How much accuracy a design may lose against the full network, and whether it keeps to that on a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import BoolArray
from runtime.contract.errors import ShapeError


@dataclass(frozen=True, slots=True)
class PairedLoss:
    """Accuracy lost between two classifiers on the same images, and how far the sample may be off."""

    loss: float  # negative where the second is better
    standard_error: float


def paired_loss(reference_right: BoolArray, right: BoolArray) -> PairedLoss:
    """Loss of `right` against `reference_right`, both (samples,) of correct answers.

    The two see the same images, so only those on which they differ carry noise: with h lost and g gained of n, the
    variance of (h - g) / n is about (h + g - (h - g)² / n) / n². Raises ShapeError where shapes differ.
    """
    if reference_right.shape != right.shape or right.ndim != 1 or right.size == 0:
        raise ShapeError(f"both must be (samples,) of the same images, got {reference_right.shape} and {right.shape}")
    lost, gained = int((reference_right & ~right).sum()), int((right & ~reference_right).sum())
    samples = right.size
    variance = lost + gained - (lost - gained) ** 2 / samples
    return PairedLoss((lost - gained) / samples, float(np.sqrt(variance)) / samples)


@dataclass(frozen=True, slots=True)
class Requirement:
    """At most `max_loss` against a full network, on the safe side of `standard_errors` of them.

    Thresholds tuned to an allowed loss on some images lose more on others, since the tuning picks whatever happens to
    look good; demanding the loss *plus* a standard error buys most of that back. It is no certificate.
    """

    reference_right: BoolArray  # (samples,)
    max_loss: float
    standard_errors: float = 1.0

    @property
    def min_accuracy(self) -> float:
        """Accuracy below which nothing can meet the requirement."""
        return float(self.reference_right.mean()) - self.max_loss

    def met_by(self, right: BoolArray) -> bool:
        """Whether correct answers (samples,) keep to it."""
        paired = paired_loss(self.reference_right, right)
        return paired.loss + self.standard_errors * paired.standard_error <= self.max_loss + 1e-12
