"""codesign/predict/models/stored.py"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from codesign.predict.models.stored import floats, positive, whole_numbers
from runtime.contract.errors import DataError

DAMAGED = r"`x` is missing or damaged\n  to do: fit the predictor again"


def test_an_array_of_any_length_is_read_where_any_is_allowed() -> None:
    assert floats({"x": np.ones((2, 3))}, "x", (None, 3)).shape == (2, 3)
    assert whole_numbers({"x": np.array([0, 4])}, "x", (None,), below=5).tolist() == [0, 4]


@pytest.mark.parametrize("array", [np.ones(3), np.ones((3, 2)), np.ones((3, 3), dtype=int), np.full((3, 3), np.inf)])
def test_another_shape_or_type_and_what_is_not_finite_are_refused(array: npt.NDArray[Any]) -> None:
    with pytest.raises(DataError, match=DAMAGED):
        floats({"x": array}, "x", (None, 3))


@pytest.mark.parametrize("array", [np.array([5]), np.array([-1]), np.array([1.0]), np.array(1)])
def test_an_index_out_of_range_is_refused(array: npt.NDArray[Any]) -> None:
    with pytest.raises(DataError, match=DAMAGED):
        whole_numbers({"x": array}, "x", (None,), below=5)


def test_what_must_be_above_zero_and_is_not_is_refused() -> None:
    assert positive({"x": np.array([1.0])}, "x", (1,)).tolist() == [1.0]
    with pytest.raises(DataError, match=DAMAGED):
        positive({"x": np.array([1.0, 0.0])}, "x", (2,))


def test_what_is_not_there_is_refused() -> None:
    with pytest.raises(DataError, match=DAMAGED):
        floats({}, "x", ())
