"""Small spaces of chains and a predictor that is quick to fit, for tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays, Fitted
from codesign.space.chain_space import BOTTLENECK, DENSE, INVERTED, ChainSpace, ChainUnit
from runtime.contract.arrays import FloatArray, IntArray


def small_space(block: str = BOTTLENECK) -> ChainSpace:
    """Two units of one to three blocks on images of 8 × 8."""
    return ChainSpace(
        name=f"small-{block}",
        block=block,
        side=8,
        stem_width=6,
        stem_stride=1,
        blocks=(1, 3),
        kernels=(1, 3, 5) if block == DENSE else (3, 5),
        expansions=() if block == DENSE else (3, 6),
        kernel_per_unit=block == DENSE,
        classes=4,
        units=(ChainUnit(6, 1), ChainUnit(8, 2)),
    )


SPACES = tuple(small_space(block) for block in (BOTTLENECK, INVERTED, DENSE))


@dataclass(frozen=True, slots=True)
class Line:
    """Predicts a cost linear in the genes."""

    weights: FloatArray  # (genes + 1,)

    def predict(self, designs: IntArray) -> Prediction:
        """Never outside, never calibrated."""
        mean = np.maximum(_with_one(designs) @ self.weights, 1e-9)
        return Prediction(mean, 0.9 * mean, 1.1 * mean, np.zeros(len(mean), dtype=bool), 0.9, calibrated=False)

    def as_arrays(self) -> Arrays:
        """The weights."""
        return {"weights": self.weights}


class LeastSquares:
    """Fits a Line; `fits` counts how often."""

    def __init__(self) -> None:
        self.fits = 0

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> Fitted:
        """Least squares."""
        del rng
        self.fits += 1
        found: FloatArray = np.linalg.lstsq(_with_one(designs), costs, rcond=None)[0]
        return Line(found)

    def restored(self, arrays: Arrays) -> Fitted:
        """The same line."""
        return Line(arrays["weights"])


def _with_one(designs: IntArray) -> FloatArray:
    return np.concatenate([designs, np.ones((len(designs), 1))], axis=1)
