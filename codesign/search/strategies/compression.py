"""An objective as a surrogate sees it: as it is up to the median, logarithmic beyond.

What is bad may be bad without bound: a network that learns nothing, one that is ten times too slow. Such designs would
set the scale on which a process is to tell the good ones apart. Order is kept, so a front stays the same front.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Compression:
    """Counted from `knee` in units of `width`; what is above the knee counts ln(1 + it)."""

    knee: float
    width: float

    @classmethod
    def of(cls, values: FloatArray) -> Compression:
        """From values seen, (n,) with n ≥ 1: their median, and how far above their first decile that is."""
        low, knee = np.quantile(values, [0.1, 0.5])
        return cls(float(knee), float(knee - low) or 1.0)

    def __call__(self, values: FloatArray) -> FloatArray:
        """(…,) of the same shape."""
        steps = (values - self.knee) / self.width
        found: FloatArray = np.where(steps < 0.0, steps, np.log1p(np.maximum(steps, 0.0)))
        return found
