"""What a predictor answers: a cost per design, an interval, and whether the design is like those it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.errors import ShapeError


@dataclass(frozen=True, slots=True)
class Prediction:
    """Costs of n designs, in the unit they were fitted in; predicted."""

    mean: FloatArray  # (n,)
    low: FloatArray  # (n,)
    high: FloatArray  # (n,)
    outside: BoolArray  # (n,): outside the range the predictor was fitted on; its interval is wider there
    confidence: float  # the share of costs that [low, high] is meant to hold
    calibrated: bool  # the intervals were set by conformal prediction on enough samples; else they promise nothing

    def __post_init__(self) -> None:
        shapes = {array.shape for array in (self.mean, self.low, self.high, self.outside)}
        if len(shapes) != 1 or self.mean.ndim != 1:
            raise ShapeError(f"the parts of a prediction must all be (designs,), got {sorted(shapes)}")
