"""What is thought of designs, learnt from those evaluated, also while others are evaluated that have no result yet.

The process is the house engine's (`house_posterior.py`), so that strategies differ in what they ask for, not in what
they can know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from runtime.contract.arrays import FloatArray, IntArray

from .house_covariance import Covariance
from .house_posterior import Posterior, fitted, tuned

GROWTH = 1.4  # of the designs told, until the parameters of a process are tuned anew
LEAST = 1e-12  # variance, so that no design is taken to be known for sure


@dataclass(frozen=True, slots=True)
class Belief:
    """Normal distributions of what designs are worth."""

    mean: FloatArray  # (n,)
    deviation: FloatArray  # (n,), > 0, without the noise of an evaluation


class Processes:
    """Processes of designs of one space; what they are tuned to is kept, since that takes longest."""

    def __init__(self, gene_sizes: tuple[int, ...]) -> None:
        """None yet."""
        self._covariance = Covariance(gene_sizes)
        self._parameters: dict[tuple[str, int], FloatArray] = {}

    def of(self, what: str, designs: IntArray, worth: FloatArray, tunes: FloatArray) -> Posterior:
        """The process of all designs, (n, genes), given their worth, (n,), finite.

        Args:
            what: its name; processes of one name share parameters.
            tunes: (first,), what the parameters are tuned to: some worth of the first designs, the same for the same
                name and number; see `tuning_set`.
        """
        key = (what, len(tunes))
        if key not in self._parameters:
            self._parameters[key] = tuned(self._covariance, designs[: len(tunes)], tunes)
        return fitted(self._covariance, self._parameters[key], designs, worth)


def tuning_set(designs: int) -> int:
    """How many of the first designs are tuned on: the largest of 1, 2, 3, … (each a GROWTH more) that is ≤ designs."""
    size = 1
    while (grown := max(size + 1, int(size * GROWTH))) <= designs:
        size = grown
    return size


def belief(process: Posterior, designs: IntArray) -> Belief:
    """Of (n, genes)."""
    return Belief(*process.predict(designs))


def belief_while(process: Posterior, designs: IntArray, pending: IntArray) -> Belief:
    """Of (n, genes), few, while (m, genes) are being evaluated.

    Those are taken to turn out as thought (the kriging believer of Ginsbourger et al., 2010): no mean moves, but around
    them less is left to be learnt.
    """
    joint = process.joint(np.concatenate([designs, pending]))
    own, cross = joint[len(designs) :, len(designs) :], joint[len(designs) :, : len(designs)]
    lower = cholesky(own + (process.noise + LEAST) * np.eye(len(pending)), lower=True)
    explained = (solve_triangular(lower, cross, lower=True) ** 2).sum(axis=0)
    variance = np.maximum(np.diag(joint)[: len(designs)] - explained, LEAST)
    return Belief(process.predict(designs)[0], np.sqrt(variance))
