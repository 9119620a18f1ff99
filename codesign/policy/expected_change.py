"""What leaving at an exit is expected to change, as smooth curves over how unsure the exit is: what counting misses.

A policy chosen among thousands because it harmed nobody on a few hundred samples harms some of the next few hundred.
Its own counts cannot say so: they were chosen to be small, and a count of zero has no standard error. But every exit
has answered all samples, most of which do not leave there, and its harm falls off smoothly as it gets surer. A
logistic curve through all of them, of two coefficients that no threshold was tuned to, says what to expect of those
who leave; another one says what they gain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ShapeError

PRIOR = 1.0  # samples changed, and as many not, believed to have been seen beside those that were: Laplace's rule
RIDGE = 0.1  # on the slope over a standard deviation of ln entropy; where few are changed, there is little to see
LEAST_NATS, MOST_NATS = 1e-7, 1e3  # in which unsureness is told apart; softmax rounds to 1 below
MAX_STEPS = 100
STEP_MOST = 2.0  # Newton's steps are cut, where far from the optimum the curve is flat
CONVERGED = 1e-7


@dataclass(frozen=True, slots=True)
class ExpectedChange:
    """Chances that leaving at a candidate does harm, and that it gains; of each sample that is seen there."""

    harm: FloatArray  # (candidates, samples), that its answer is wrong where the full network's is right
    gain: FloatArray  # (candidates, samples), the reverse

    def at(self, candidates: IntArray) -> tuple[FloatArray, FloatArray]:
        """Harm and gain (samples,), of samples that leave at these candidates (samples,)."""
        everybody = np.arange(candidates.size)
        return self.harm[candidates, everybody], self.gain[candidates, everybody]


def expected_change(entropy_nats: FloatArray, correct: BoolArray, reference_right: BoolArray) -> ExpectedChange:
    """Both chances, for every candidate and sample.

    Args:
        entropy_nats: (candidates, samples), how unsure each exit is; NaN counts as most unsure.
        correct: (candidates, samples), whether its answer is the label.
        reference_right: (samples,), whether the full network's is. A last candidate that is right where the full
            network is, and nowhere else, is taken to be that network: it changes nothing.
    Raises:
        ShapeError: shapes that do not belong together, or no samples.
    """
    if entropy_nats.shape != correct.shape or correct.shape[1:] != reference_right.shape or not reference_right.size:
        raise ShapeError(
            f"entropies {entropy_nats.shape} and answers {correct.shape} must be (candidates, samples), the"
            f" reference (samples,), got {reference_right.shape}"
        )
    found = np.zeros((2, *correct.shape))
    for candidate, (entropy, right) in enumerate(zip(entropy_nats, correct, strict=True)):
        if candidate < len(correct) - 1 or (right != reference_right).any():
            found[0, candidate] = _curve(entropy, reference_right & ~right)
            found[1, candidate] = _curve(entropy, right & ~reference_right)
    return ExpectedChange(found[0], found[1])


def _curve(entropy_nats: FloatArray, changed: BoolArray) -> FloatArray:
    """(samples,): the most likely logistic curve over ln entropy, at each sample."""
    unsure = np.log(np.clip(np.nan_to_num(entropy_nats, nan=MOST_NATS), LEAST_NATS, MOST_NATS))
    spread = float(unsure.std())
    told = np.stack([np.ones_like(unsure), (unsure - unsure.mean()) / (spread if spread > 0.0 else 1.0)])
    share = (changed.sum() + PRIOR) / (changed.size + 2.0 * PRIOR)
    weights = np.asarray([np.log(share / (1.0 - share)), 0.0])
    for _ in range(MAX_STEPS):
        chances = expit(weights @ told)
        spreads = chances * (1.0 - chances)
        slope = told @ (changed - chances)
        # Imagined samples, one changed and one not, everywhere alike.
        slope += np.asarray([PRIOR * (1.0 - 2.0 * chances.mean()), -RIDGE * weights[1]])
        curvature = (told * spreads) @ told.T + np.diag([2.0 * PRIOR * spreads.mean(), RIDGE])
        step = np.clip(np.linalg.solve(curvature, slope), -STEP_MOST, STEP_MOST)
        weights = weights + step
        if np.abs(step).max() < CONVERGED:
            break
    found: FloatArray = expit(weights @ told)
    return found
