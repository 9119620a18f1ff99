"""Reads the arrays of a fitted model, and refuses what is missing or damaged."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.predictor import Arrays
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

Shape = tuple[int | None, ...]  # None: any length


def floats(arrays: Arrays, name: str, shape: Shape) -> FloatArray:
    """An array of finite floats. Raises DataError where it is missing or has another shape."""
    found = _of_shape(arrays, name, shape)
    if not np.issubdtype(found.dtype, np.floating) or not np.isfinite(found).all():
        raise _damaged(name)
    return found


def positive(arrays: Arrays, name: str, shape: Shape) -> FloatArray:
    """The same, and all of them above 0."""
    found = floats(arrays, name, shape)
    if not (found > 0).all():
        raise _damaged(name)
    return found


def whole_numbers(arrays: Arrays, name: str, shape: Shape, below: int) -> IntArray:
    """An array of indices from 0 to below `below`. Raises DataError where it is missing or has others."""
    found = _of_shape(arrays, name, shape)
    if not np.issubdtype(found.dtype, np.integer) or (found.size and not 0 <= found.min() <= found.max() < below):
        raise _damaged(name)
    return found


def _of_shape(arrays: Arrays, name: str, shape: Shape) -> npt.NDArray[Any]:
    found = arrays.get(name)
    if (
        found is None
        or found.ndim != len(shape)
        or any(wanted not in (None, length) for wanted, length in zip(shape, found.shape, strict=True))
    ):
        raise _damaged(name)
    return found


def _damaged(name: str) -> DataError:
    return DataError(f"`{name}` is missing or damaged", to_do="fit the predictor again")
