"""What a blend of linear Gaussian hypotheses says of any design, reduced to arrays over the features of the basis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError

PREFIX = "posterior_"


@dataclass(frozen=True, slots=True)
class LinearPosterior:
    """Of ln cost. The mean is the hypotheses' blend; the variance is that of the likeliest, plus how they disagree."""

    weights: FloatArray  # (columns, hypotheses)
    odds: FloatArray  # (hypotheses,): sum to 1
    own: FloatArray  # (columns,): prior variance of the weights of single columns
    shared: FloatArray  # (columns, directions): their outer product is the other part of the prior covariance
    learnt: FloatArray  # (columns, directions): their outer product is what samples took away from the covariance
    noise: FloatArray  # (1,): variance of a measurement

    def at(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation, both (n,), of a measurement of designs with these features, (n, columns)."""
        means = features @ self.weights
        mean: FloatArray = means @ self.odds
        variance = ((means - mean[:, None]) ** 2) @ self.odds
        unknown = features**2 @ self.own + ((features @ self.shared) ** 2).sum(axis=1)
        unknown -= ((features @ self.learnt) ** 2).sum(axis=1)
        return mean, np.sqrt(variance + np.maximum(unknown, 0.0) + self.noise)

    def in_units(self, spread: float, level: FloatArray) -> LinearPosterior:
        """Of spread · value plus what `level`, (columns, 1), says."""
        return LinearPosterior(
            self.weights * spread + level,
            self.odds,
            self.own * spread**2,
            self.shared * spread,
            self.learnt * spread,
            self.noise * spread**2,
        )

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        return {f"{PREFIX}{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], columns: int) -> LinearPosterior:
        """What `as_arrays` gave. Raises DataError where it is missing or of another basis."""
        found = {}
        for field, dimensions in zip(fields(cls), (2, 1, 1, 2, 2, 1), strict=True):
            array = arrays.get(f"{PREFIX}{field.name}")
            by_column = field.name not in ("odds", "noise")
            if (
                array is None
                or array.ndim != dimensions
                or not np.isfinite(array).all()
                or (by_column and len(array) != columns)
            ):
                raise DataError(f"`{PREFIX}{field.name}` is missing or damaged", to_do="fit the predictor again")
            found[field.name] = array
        if found["weights"].shape[1] != len(found["odds"]) or len(found["noise"]) != 1:
            raise DataError(f"arrays `{PREFIX}…` disagree", to_do="fit the predictor again")
        return cls(**found)
