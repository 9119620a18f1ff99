"""Intervals by conformal prediction: as wide as predictions were wrong about samples that they had not seen.

The scores are |ln cost - ln prediction| / scale of samples predicted out of fold (or held out): their
ceil((n + 1) · confidence)-th smallest is the half width for new designs; see Lei et al. (JASA 2018), and for folds Vovk
(Annals of Mathematics and AI 2015) and Barber et al. (Annals of Statistics 2021). The promise is marginal: over new
designs drawn as the samples were, that share of intervals holds the cost.

From 100 scores on, the interval calls itself calibrated: over draws of the samples its coverage then has a standard
deviation of sqrt(0.9 · 0.1 / 102), three points of a hundred. With fewer it is still computed but promises nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError, DataError

from .prediction import Prediction

CONFIDENCE = 0.9
ENOUGH = 100
SPREADS_PER_UNSEEN = 2.0  # an unseen value moves ln cost by up to this many standard deviations of one gene's effect
ARRAY = "conformal"
MOST = 20.0  # in ln cost; keeps the ends of an interval finite


@dataclass(frozen=True, slots=True)
class Conformal:
    """What it takes to give intervals."""

    half_width: float  # in ln cost, for a scale of 1
    spread: float  # standard deviation of the samples' ln cost
    confidence: float
    samples: int  # that had a score

    @property
    def calibrated(self) -> bool:
        """Whether there were enough samples for the intervals to hold their share."""
        return self.samples >= ENOUGH

    def prediction(self, mean: FloatArray, beyond: FloatArray, scale: FloatArray | None = None) -> Prediction:
        """Predictions with their intervals.

        Outside the training range, the variance of as many genes' effects is added as `beyond` says; a gene's effect
        has the share of the samples' variance that one of equal genes would have.

        Args:
            mean: (n,), costs.
            beyond: (n,), share of the genes whose values were not seen (TrainingRange.beyond): 0 inside.
            scale: (n,), that residuals were divided by; left out: 1.
        """
        inside = self.half_width * (np.ones_like(mean) if scale is None else scale)
        half = np.sqrt(inside**2 + (SPREADS_PER_UNSEEN * self.spread) ** 2 * beyond)
        half = np.minimum(half, MOST)
        return Prediction(
            mean=mean,
            low=mean * np.exp(-half),
            high=mean * np.exp(half),
            outside=beyond > 0,
            confidence=self.confidence,
            calibrated=self.calibrated,
        )

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        return {ARRAY: np.array([self.half_width, self.spread, self.confidence, float(self.samples)])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Conformal:
        """What `as_arrays` gave. Raises DataError where it is missing or damaged."""
        found = arrays.get(ARRAY)
        if found is None or found.shape != (4,) or not np.isfinite(found).all():
            raise DataError(f"`{ARRAY}` is missing or damaged", to_do="fit the predictor again")
        half_width, spread, confidence, samples = found.tolist()
        return cls(half_width, spread, confidence, int(samples))


def conformal(
    log_residuals: FloatArray,
    log_costs: FloatArray,
    scales: FloatArray | None = None,
    confidence: float = CONFIDENCE,
) -> Conformal:
    """Set the intervals.

    With too few samples for the confidence (under nine for 90 %), the largest score stands in.

    Args:
        log_residuals: (n,), ln cost - ln prediction of samples that the prediction was made without.
        log_costs: (samples,), of all samples of the fit.
        scales: (n,), above 0: how uncertain the model itself said that it was; left out: the same for all.
        confidence: the share of new costs that intervals should hold.
    Raises:
        ConfigError: confidence is no share between 0 and 1.
        DataError: no residual, one that is not finite, or a scale that is not above 0.
    """
    if not 0.0 < confidence < 1.0:
        raise ConfigError(f"confidence is a share between 0 and 1, got {confidence}", to_do="90 % is 0.9")
    if not len(log_residuals) or not np.isfinite(log_residuals).all():
        raise DataError("no residuals, or some are not finite", to_do="predict at least one sample out of fold")
    if scales is not None and not (np.isfinite(scales) & (scales > 0)).all():
        raise DataError("a scale is not above 0", to_do="give each residual a positive scale")
    scores = np.sort(np.abs(log_residuals) / (1.0 if scales is None else scales))
    rank = min(math.ceil((len(scores) + 1) * confidence), len(scores))
    return Conformal(float(scores[rank - 1]), float(np.std(log_costs)), confidence, len(scores))
