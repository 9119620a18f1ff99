"""What the fitted house model expects a design to cost: sums over its columns, smooth functions around landmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Arrays
from codesign.predict.models.stored import floats
from runtime.contract.arrays import FloatArray, IntArray

from .design_features import DesignFeatures, design_features
from .smooth_part import LENGTHS, SmoothPart

BLOCK = 4096  # designs at a time, which bounds the memory


@dataclass(frozen=True, slots=True)
class CostSurface:
    """Costs in the unit of the fit."""

    features: DesignFeatures
    smooth: tuple[SmoothPart, ...]
    variances: FloatArray  # (parts, lengths)
    constant: float
    weights: FloatArray  # (columns,)
    pulls: FloatArray  # (landmarks,)
    lowest: float  # no prediction is lower; above 0

    def mean(self, designs: IntArray) -> FloatArray:
        """(n,), of designs, (n, genes), in their canonical form."""
        blocks = np.array_split(designs, range(BLOCK, len(designs), BLOCK))
        mean: FloatArray = np.concatenate([self._mean(block) for block in blocks])
        return mean

    def as_arrays(self) -> Arrays:
        """For a file; the genes are kept beside."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "constants": np.array([self.constant, self.lowest]),
            "weights": self.weights,
            "variances": self.variances,
            "pulls": self.pulls,
        }
        for number, part in enumerate(self.smooth):
            arrays |= {f"centre_{number}": part.centre, f"scale_{number}": part.scale}
            arrays[f"landmarks_{number}"] = part.landmarks
        return arrays

    @classmethod
    def from_arrays(cls, genes: Genes, arrays: Arrays) -> CostSurface:
        """What `as_arrays` gave. Raises DataError where an array is missing or of another space."""
        features = design_features(genes)
        pulls = floats(arrays, "pulls", (None,))
        smooth = tuple(
            SmoothPart(
                part,
                floats(arrays, f"centre_{number}", (part.stop - part.start,)),
                floats(arrays, f"scale_{number}", (part.stop - part.start,)),
                floats(arrays, f"landmarks_{number}", (len(pulls), part.stop - part.start)),
            )
            for number, part in enumerate(features.dense_parts)
        )
        constant, lowest = floats(arrays, "constants", (2,)).tolist()
        return cls(
            features=features,
            smooth=smooth,
            variances=floats(arrays, "variances", (len(smooth), LENGTHS)),
            constant=constant,
            weights=floats(arrays, "weights", (features.columns,)),
            pulls=pulls,
            lowest=lowest,
        )

    def _mean(self, designs: IntArray) -> FloatArray:
        dense = self.features.dense(designs)
        total = self.constant + self.features.weighted(designs, dense, self.weights)
        # Of smooth functions single precision keeps enough, in half of the time, but it does not reach every unit.
        size = float(np.abs(self.pulls).max()) or 1.0
        pulls = (self.pulls / size).astype(np.float32)
        for part, of_lengths in zip(self.smooth, self.variances, strict=True):
            for kernel, variance in zip(part.kernels(dense, np.float32), of_lengths, strict=True):
                total += variance * size * (kernel @ pulls).astype(np.float64)
        mean: FloatArray = np.maximum(total, self.lowest)
        return mean
