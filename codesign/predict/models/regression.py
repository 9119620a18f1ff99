"""What a regression is: it is fitted on numbers that describe designs and on what these cost, then gives costs."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from codesign.predict.costs.predictor import Arrays
from runtime.contract.arrays import FloatArray


class FittedRegression(Protocol):
    """Fitted on samples."""

    def costs(self, inputs: FloatArray) -> FloatArray:
        """(n,) of inputs, (n, columns); in the unit that it was fitted in, not necessarily above 0."""
        ...

    def as_arrays(self) -> Arrays:
        """All it takes to give the same costs again."""
        ...


class Regression(Protocol):
    """A way to fit."""

    def fit(self, inputs: FloatArray, costs: FloatArray, rng: np.random.Generator) -> FittedRegression:
        """Fit on inputs, (n, columns) finite, and costs, (n,) above 0 with a geometric mean of about 1."""
        ...

    def restored(self, arrays: Arrays, columns: int) -> FittedRegression:
        """What `as_arrays` gave, for inputs of so many columns. Raises DataError where it is damaged."""
        ...
