"""What a cost predictor is: it is fitted on some designs and their costs, then predicts any design of the space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from runtime.contract.arrays import FloatArray, IntArray

from .prediction import Prediction

Arrays = Mapping[str, npt.NDArray[Any]]  # numbers and text only: what a file without pickles can hold


class Fitted(Protocol):
    """Fitted on one board."""

    def predict(self, designs: IntArray) -> Prediction:
        """Costs of designs, (n, genes)."""
        ...

    def as_arrays(self) -> Arrays:
        """All it takes to predict again, for a file; the predictor's `restored` reads it back."""
        ...


class Predictor(Protocol):
    """A way to fit: a model with its encoding, for one space of designs."""

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> Fitted:
        """Fit on designs, (n, genes), and what each costs, (n,): finite and above 0.

        Raises:
            DataError: too few samples for this model, or none that differ.
        """
        ...

    def restored(self, arrays: Arrays) -> Fitted:
        """What `as_arrays` gave. Raises DataError where an array is missing or of another shape."""
        ...
