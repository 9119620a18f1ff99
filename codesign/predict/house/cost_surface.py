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
FEW = 1 << 20  # in spaces of at most so many designs, repeated ones are predicted once


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
        distinct, places = self._distinct(designs)
        blocks = np.array_split(distinct, range(BLOCK, len(distinct), BLOCK))
        mean: FloatArray = np.concatenate([self._mean(block) for block in blocks])[places]
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
        # Of smooth functions single precision keeps enough, in half of the time.
        pulls = self.pulls.astype(np.float32)
        for part, of_lengths in zip(self.smooth, self.variances, strict=True):
            for kernel, variance in zip(part.kernels(dense, np.float32), of_lengths, strict=True):
                total += variance * (kernel @ pulls)
        mean: FloatArray = np.maximum(total, self.lowest)
        return mean

    def _distinct(self, designs: IntArray) -> tuple[IntArray, IntArray]:
        """The designs without repeats, where the space is small, and the place of each in there."""
        sizes = tuple(values[-1] + 1 for values in self.features.genes.values)
        space = float(np.prod(np.asarray(sizes, dtype=np.float64)))
        if space > FEW or not len(designs) or (designs >= np.array(sizes)).any():
            return designs, np.arange(len(designs))
        codes = np.ravel_multi_index(tuple(designs.T), sizes)
        first, places = np.unique(codes, return_index=True, return_inverse=True)[1:]
        return designs[first], places.reshape(-1)
