"""codesign/predict/models/least_squares.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.predict.models.least_squares import NonNegativeLeastSquares
from runtime.contract.arrays import FloatArray


def weights_of(inputs: FloatArray, costs: FloatArray) -> FloatArray:
    return NonNegativeLeastSquares().fit(inputs, costs, np.random.default_rng(0)).weights


def test_parts_that_add_up_are_found_whatever_their_size() -> None:
    inputs = np.random.default_rng(0).uniform(size=(30, 2)) * [1e-6, 1e9]
    assert weights_of(inputs, 0.5 + inputs @ [1e6, 2e-9]) == pytest.approx([0.5, 1e6, 2e-9])


@given(st.integers(0, 99))
def test_no_part_is_below_zero(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert (weights_of(rng.uniform(size=(8, 12)), rng.lognormal(size=8)) >= 0).all()


def test_errors_count_relative_to_the_cost() -> None:
    # (w - 1)² + (w / 3 - 1)² is least at w = (1 + 1/3) / (1 + 1/9).
    assert weights_of(np.zeros((2, 1)), np.array([1.0, 3.0]))[0] == pytest.approx(1.2)
