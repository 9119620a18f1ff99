"""Costs as a sum of non-negative parts, fitted to the least squares of relative errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from codesign.predict.costs.predictor import Arrays
from runtime.contract.arrays import FloatArray

from .relative_errors import importance
from .stored import floats

WEIGHTS = "weights"


@dataclass(frozen=True, slots=True)
class LinearCosts:
    """cost = constant + inputs · weights."""

    weights: FloatArray  # (1 + columns,): the constant first

    def costs(self, inputs: FloatArray) -> FloatArray:
        """(n,)."""
        found: FloatArray = self.weights[0] + inputs @ self.weights[1:]
        return found

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        return {WEIGHTS: self.weights}

    @classmethod
    def from_arrays(cls, arrays: Arrays, columns: int) -> LinearCosts:
        """What `as_arrays` gave."""
        return cls(floats(arrays, WEIGHTS, (1 + columns,)))


@dataclass(frozen=True, slots=True)
class NonNegativeLeastSquares:
    """The regression; inputs must be 0 or more."""

    def fit(self, inputs: FloatArray, costs: FloatArray, rng: np.random.Generator) -> LinearCosts:
        """Fit the constant and the weights, none of them below 0; nothing is drawn from `rng`."""
        del rng
        columns = np.column_stack([np.ones(len(costs)), inputs])
        size = np.maximum(np.abs(columns).max(axis=0), np.finfo(np.float64).tiny)
        weights = importance(costs)
        return LinearCosts(nnls(columns / size * weights[:, None], weights * costs)[0] / size)

    def restored(self, arrays: Arrays, columns: int) -> LinearCosts:
        """What `as_arrays` gave. Raises DataError where it is damaged."""
        return LinearCosts.from_arrays(arrays, columns)
