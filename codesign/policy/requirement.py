"""How much accuracy a design may lose against the full network, and whether it keeps to that on a sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.errors import ShapeError

SHARE_OF_GAINS = 0.5  # of the standard errors, by which expected gains are believed less


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
    look good; demanding the loss *plus* a standard error buys most of that back where samples are many.
    Where they are few, the best of many policies loses nobody, and nobody has no standard error: then
    `max_expected_loss` decides, which goes by what samples like these are expected to lose (`policy.expected_change`).
    What they are expected to gain counts as far as it is fairly sure, by half as many standard errors: among many
    policies, the lucky ones gain. It is no certificate.
    """

    reference_right: BoolArray  # (samples,)
    max_loss: float
    standard_errors: float = 1.0
    max_expected_loss: float | None = None  # None: what is expected does not matter

    @property
    def min_accuracy(self) -> float:
        """Accuracy below which nothing can meet the requirement."""
        return float(self.reference_right.mean()) - self.max_loss

    def met_by(self, right: BoolArray, expected: tuple[FloatArray, FloatArray] | None = None) -> bool:
        """Whether correct answers (samples,) keep to it.

        Args:
            expected: chances (samples,) that each answer does harm, and that it gains; None for a network without
                exits, whose answers nobody has tuned.
        """
        if self.max_expected_loss is not None and expected is not None:
            harmed, gained = (float(chances.sum()) for chances in expected)
            # By as many standard errors, no chain passes whose networks are right on different images: 2 to 7 points
            # of saving on CIFAR-10; by none, a policy may bet on what it gained.
            doubt = SHARE_OF_GAINS * self.standard_errors * float(np.sqrt(gained + 1.0))
            surely_gained = max(gained - doubt, 0.0)
            if (harmed - surely_gained) / right.size > self.max_expected_loss + 1e-12:
                return False
        paired = paired_loss(self.reference_right, right)
        return paired.loss + self.standard_errors * paired.standard_error <= self.max_loss + 1e-12
