"""A regression on an encoding as a predictor: with intervals, and a word on designs outside of what it was fitted on.

Intervals are conformal, from samples that were predicted out of fold. Costs are fitted as multiples of their geometric
mean, so that seconds, joules and bytes are treated alike. A prediction stays within a factor of ten of the cheapest and
the dearest sample: beyond that no model here knows anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.conformal import Conformal, conformal
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays
from codesign.predict.costs.training_range import TrainingRange
from codesign.predict.encodings.encoding import Encoding
from runtime.contract.arrays import FloatArray, IntArray

from .folds import folds_of, out_of_fold
from .regression import FittedRegression, Regression
from .samples import distinct_networks
from .stored import positive

BLOCK = 4096  # designs encoded at a time; more only makes the memory slower
FARTHEST = 10.0
SCALE, LIMITS = "cost_scale", "cost_limits"


@dataclass(frozen=True, slots=True)
class FittedModel:
    """Fitted on one board."""

    encoding: Encoding
    regression: FittedRegression
    scale: float  # what a cost of 1 in the regression is
    limits: tuple[float, float]  # least and greatest cost that is ever predicted, in the regression's unit
    intervals: Conformal
    seen: TrainingRange

    def predict(self, designs: IntArray) -> Prediction:
        """Costs of designs, (n, genes)."""
        beyond = self.seen.beyond(designs)
        blocks = np.array_split(designs, range(BLOCK, len(designs), BLOCK))
        costs = np.concatenate([self.regression.costs(self.encoding.features(block)) for block in blocks])
        return self.intervals.prediction(self.scale * np.clip(costs, *self.limits), beyond)

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        return {
            SCALE: np.array(self.scale),
            LIMITS: np.array(self.limits),
            **self.regression.as_arrays(),
            **self.intervals.as_arrays(),
            **self.seen.as_arrays(),
        }


@dataclass(frozen=True, slots=True)
class EncodedModel:
    """The predictor."""

    genes: Genes
    encoding: Encoding
    regression: Regression
    folds: int  # how many fits the intervals take

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> FittedModel:
        """Fit on designs, (n, genes), and their costs, (n,).

        Raises:
            ShapeError: designs of other genes, or costs of another number of designs.
            DataError: a cost that is not finite or not above 0, or fewer than 2 designs that differ.
        """
        networks = distinct_networks(self.genes, designs, costs)
        scale = float(np.exp(np.log(costs).mean()))
        inputs, scaled = self.encoding.features(designs), costs / scale
        limits = float(scaled.min() / FARTHEST), float(scaled.max() * FARTHEST)
        unseen = out_of_fold(self.regression, inputs, scaled, folds_of(networks, self.folds, rng), rng)
        residuals = np.log(scaled) - np.log(np.clip(unseen, *limits))
        return FittedModel(
            encoding=self.encoding,
            regression=self.regression.fit(inputs, scaled, rng),
            scale=scale,
            limits=limits,
            intervals=conformal(residuals, np.log(scaled)),
            seen=TrainingRange.of(self.genes, designs),
        )

    def restored(self, arrays: Arrays) -> FittedModel:
        """What `as_arrays` gave. Raises DataError where an array is missing or of another shape."""
        least, greatest = positive(arrays, LIMITS, (2,)).tolist()
        return FittedModel(
            encoding=self.encoding,
            regression=self.regression.restored(arrays, len(self.encoding.columns)),
            scale=float(positive(arrays, SCALE, ())),
            limits=(least, greatest),
            intervals=Conformal.from_arrays(arrays),
            seen=TrainingRange.from_arrays(self.genes, arrays),
        )
