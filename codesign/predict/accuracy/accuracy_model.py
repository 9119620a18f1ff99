"""A Gaussian process over backbones that predicts one accuracy: that of the networks alone, or of one of their exits.

The log odds of being right are a constant plus draws from four kernels (see accuracy_kernels), whose variances and
the noise are the most probable ones given the samples (Rasmussen and Williams 2006, chapter 5). What is left out by one
sample at a time tells how far the stated deviations are off, and widens them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit, logit

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.training_range import TrainingRange
from codesign.predict.transfer.evidence import LEVEL_VARIANCE, covariance, posterior, tuned
from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError

from .accuracy_kernels import KERNELS, AccuracyKernels

FEWEST = 4  # backbones; with fewer nothing can be said of a deviation
# Assumed, as medians: ln variance of each kernel and of the noise, in units of the samples' variance. Chosen, as were
# the kernels, on 100 backbones of each of the two supernets of tests/bench/bench_accuracy_predictor.py.
TYPICAL = np.asarray([0.0, 0.0, -1.0, 0.0, -3.0])
LEAST_SHARE = 1e-3  # accuracies nearer than this to 0 or 1 count as this near: log odds are finite
DEVIATIONS_OF_90 = 1.645  # of a normal distribution
LEAST_SPREAD = 1e-3  # in log odds


@dataclass(frozen=True, slots=True)
class AccuracyPrediction:
    """Accuracies of n backbones, all (n,); predicted."""

    mean: FloatArray  # shares; the median, if exact
    std: FloatArray  # of the share
    low: FloatArray  # of the interval meant to hold 90 %, from a normal distribution of the log odds
    high: FloatArray
    outside: BoolArray  # a gene has a value that no sample had

    @property
    def optimistic(self) -> FloatArray:
        """What it may well be: the mean and one deviation more, at most 1."""
        hopeful: FloatArray = np.minimum(self.mean + self.std, 1.0)
        return hopeful


@dataclass(frozen=True, slots=True)
class AccuracyModel:
    """Fitted to evaluated backbones."""

    genes: Genes
    designs: IntArray  # (samples, genes)
    pull: FloatArray  # (samples,): K⁻¹ y
    log_variances: FloatArray  # (kernels + 1,), noise last
    level: float  # of the samples' log odds
    spread: float  # their deviation; the process is in these units
    widening: float  # of stated deviations, at least 1

    def predict(self, designs: IntArray) -> AccuracyPrediction:
        """Accuracies of designs, (n, genes).

        Raises:
            ShapeError: they have other genes.
        """
        self.genes.check(designs)
        kernels = AccuracyKernels(self.genes)
        variances = np.exp(self.log_variances[:-1])
        cross = self._weighted(variances, kernels.between(designs, self.designs))
        own = covariance(self.log_variances, kernels.between(self.designs, self.designs))
        explained = (cross * cho_solve(cho_factor(own, lower=True), cross.T).T).sum(axis=1)
        alone = self._weighted(variances, kernels.alone(designs))
        noise = float(np.exp(self.log_variances[-1]))
        deviation = self.spread * self.widening * np.sqrt(np.maximum(alone - explained, 0.0) + noise)
        centre = self.level + self.spread * (cross @ self.pull)
        mean: FloatArray = expit(centre)
        std: FloatArray = deviation * mean * (1.0 - mean)
        low, high = (expit(centre + sign * DEVIATIONS_OF_90 * deviation) for sign in (-1.0, 1.0))
        outside = TrainingRange.of(self.genes, self.designs).beyond(designs) > 0
        return AccuracyPrediction(mean, std, low, high, outside)

    @staticmethod
    def _weighted(variances: FloatArray, kernels: list[FloatArray]) -> FloatArray:
        total: FloatArray = LEVEL_VARIANCE + sum(v * k for v, k in zip(variances, kernels, strict=True))
        return total

    def as_arrays(self, prefix: str) -> dict[str, npt.NDArray[Any]]:
        """For a file; the genes are kept beside."""
        return {
            f"{prefix}_designs": self.designs,
            f"{prefix}_pull": self.pull,
            f"{prefix}_log_variances": self.log_variances,
            f"{prefix}_scale": np.asarray([self.level, self.spread, self.widening]),
        }

    @classmethod
    def from_arrays(cls, genes: Genes, arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> AccuracyModel:
        """What `as_arrays` gave. Raises DataError where it is missing or of other genes."""
        try:
            designs, pull, log_variances, scale = (
                arrays[f"{prefix}_{name}"] for name in ("designs", "pull", "log_variances", "scale")
            )
            genes.check(designs)
        except (KeyError, ShapeError, DataError) as error:
            raise _damaged(prefix) from error
        finite = all(np.isfinite(array).all() for array in (pull, log_variances, scale))
        shapes = pull.shape == (len(designs),) and log_variances.shape == (len(KERNELS) + 1,) and scale.shape == (3,)
        if not (finite and shapes and len(designs)):
            raise _damaged(prefix)
        return cls(genes, designs, pull, log_variances, *(float(value) for value in scale))


def fit_accuracy(genes: Genes, designs: IntArray, accuracies: FloatArray) -> AccuracyModel:
    """Fit to designs, (n, genes), and the share of images that each gets right, (n,).

    Raises:
        DataError: fewer than FEWEST samples, or accuracies that are no shares.
        ShapeError: other genes, or another number of accuracies.
    """
    genes.check(designs)
    if accuracies.shape != (len(designs),):
        raise ShapeError(
            f"accuracies must be ({len(designs)},), one per design, got {accuracies.shape}", to_do="give one each"
        )
    if len(designs) < FEWEST:
        raise DataError(
            f"an accuracy predictor needs at least {FEWEST} evaluated backbones, got {len(designs)}",
            to_do="evaluate more",
        )
    if not (np.isfinite(accuracies) & (accuracies >= 0) & (accuracies <= 1)).all():
        raise DataError("accuracies must be shares between 0 and 1", to_do="divide percentages by 100")
    odds = logit(np.clip(accuracies, LEAST_SHARE, 1.0 - LEAST_SHARE))
    level, spread = float(odds.mean()), max(float(odds.std()), LEAST_SPREAD)
    values = (odds - level) / spread
    kernels = AccuracyKernels(genes).between(designs, designs)
    log_variances, _ = tuned(kernels, values, TYPICAL)
    found = posterior(log_variances, kernels, values)
    off = found.left_out / np.sqrt(found.left_out_variance)
    widening = max(1.0, float(np.sqrt((off**2).mean())))
    return AccuracyModel(genes, designs, found.pull, log_variances, level, spread, widening)


def _damaged(prefix: str) -> DataError:
    return DataError(f"`{prefix}` of an accuracy predictor is missing or damaged", to_do="fit the predictor again")
