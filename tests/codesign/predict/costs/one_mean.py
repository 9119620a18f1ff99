"""The simplest predictor there is, to test what all of them share: every design costs the mean of the samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.conformal import Conformal, conformal
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.training_range import TrainingRange
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError


@dataclass(frozen=True, slots=True)
class FittedMean:
    mean: float
    intervals: Conformal
    seen: TrainingRange

    def predict(self, designs: IntArray) -> Prediction:
        return self.intervals.prediction(np.full(len(designs), self.mean), self.seen.beyond(designs))

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {"mean": np.array(self.mean), **self.intervals.as_arrays(), **self.seen.as_arrays()}


@dataclass(frozen=True, slots=True)
class OneMean:
    genes: Genes

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> FittedMean:
        del rng
        logs = np.log(costs)
        mean = float(logs.mean())
        return FittedMean(float(np.exp(mean)), conformal(logs - mean, logs), TrainingRange.of(self.genes, designs))

    def restored(self, arrays: Mapping[str, npt.NDArray[Any]]) -> FittedMean:
        if "mean" not in arrays:
            raise DataError("`mean` is missing", to_do="fit the predictor again")
        return FittedMean(
            float(arrays["mean"]), Conformal.from_arrays(arrays), TrainingRange.from_arrays(self.genes, arrays)
        )
