"""Smooth functions of many columns: squared-exponential kernels of four lengths, over counts and over layer shapes.

Sums of lengths stand in for one tuned length. With more samples than landmarks, the kernels are replaced by their
projections on these (Nyström; Rasmussen and Williams 2006, section 8.1), which bounds time and memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from runtime.contract.arrays import FloatArray

LENGTHS = 4  # squared lengths 32, 8, 2 and 1/2, in units of the samples' median squared distance
LONGEST = 32.0


@dataclass(frozen=True, slots=True)
class SmoothPart:
    """Kernels over one part of the columns, scaled and shifted."""

    columns: slice  # of the dense columns
    centre: FloatArray  # (c,)
    scale: FloatArray  # (c,): 0 for columns that never differed
    landmarks: FloatArray  # (m, c), scaled

    @classmethod
    def around(cls, columns: slice, dense: FloatArray, chosen: FloatArray) -> SmoothPart:
        """With landmarks at chosen samples, (m, dense columns), and distances in units of the samples' median."""
        centre, deviation = dense[:, columns].mean(axis=0), dense[:, columns].std(axis=0)
        scale = np.where(deviation > 1e-9, 1.0 / np.maximum(deviation, 1e-9), 0.0)
        landmarks = (chosen[:, columns] - centre) * scale
        distances = _squared_distances(landmarks, landmarks)[np.triu_indices(len(landmarks), 1)]
        unit = np.sqrt(LONGEST * (float(np.median(distances)) if len(distances) else 0.0) or 1.0)
        return cls(columns, centre, scale / unit, landmarks / unit)

    def moved_to(self, dense: FloatArray) -> SmoothPart:
        """With these designs as the landmarks, and all else the same."""
        return replace(self, landmarks=(dense[:, self.columns] - self.centre) * self.scale)

    def kernels(self, dense: FloatArray, dtype: npt.DTypeLike = np.float64) -> list[FloatArray]:
        """Per length (n, m), the longest first: of designs with these dense columns and the landmarks."""
        at = ((dense[:, self.columns] - self.centre) * self.scale).astype(dtype)
        longest: FloatArray = np.exp(-_squared_distances(at, self.landmarks.astype(dtype)))
        kernels = [longest]
        for _ in range(LENGTHS - 1):
            squared = kernels[-1] * kernels[-1]
            kernels.append(squared * squared)
        return kernels


def _squared_distances(left: FloatArray, right: FloatArray) -> FloatArray:
    distances: FloatArray = left @ right.T
    distances *= -2.0
    distances += (left**2).sum(axis=1)[:, None]
    distances += (right**2).sum(axis=1)
    return np.maximum(distances, 0.0, out=distances)
