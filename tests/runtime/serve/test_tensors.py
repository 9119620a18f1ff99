"""Tensors to and from JSON and bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from runtime.serve.refusal import Refused
from runtime.serve.tensors import FP32, UINT8, from_binary, from_json, shape_of, to_binary, to_json


@given(hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=5)))
def test_bytes_survive_both_ways(values: Any) -> None:
    assert np.array_equal(from_binary(memoryview(to_binary(values)), UINT8, values.shape, "x"), values)
    assert np.array_equal(from_json(to_json(values), UINT8, values.shape, "x"), values)
    assert np.array_equal(from_json(values.tolist(), UINT8, values.shape, "x"), values)


@given(hnp.arrays(np.float32, 6, elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_floats_survive_both_ways(values: Any) -> None:
    assert np.array_equal(from_json(to_json(values), FP32, (2, 3), "x"), values.reshape(2, 3))
    assert np.array_equal(from_binary(memoryview(to_binary(values)), FP32, (2, 3), "x"), values.reshape(2, 3))


@pytest.mark.parametrize(
    ("data", "datatype", "message"),
    [
        ([1, 2, 3], UINT8, "does not fill"),
        ([[1], [2, 3]], UINT8, "no tensor"),
        ([[1, 2], [3, 4]], UINT8, r"shape \[2, 2\] does not fill \[4\]"),
        (["1", "2", "3", "4"], UINT8, "numbers only"),
        ([1.0, 2.0, 3.0, 4.0], UINT8, "numbers only, not float64"),
        ([True, True, False, True], UINT8, "numbers only, not bool"),
        ([1, 2, 3, 256], UINT8, "between 0 and 255"),
        ([1, 2, 3, -1], UINT8, "between 0 and 255"),
        ([1, 2, 3, 10**30], UINT8, "x: data"),
        ([1, 2, 3, 1e39], FP32, "does not fit FP32"),
        ({"a": 1}, FP32, "x: data"),
        (None, FP32, "x: data"),
    ],
)
def test_data_that_is_no_tensor_of_that_type_is_refused(data: Any, datatype: str, message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        from_json(data, datatype, (4,), "x")
    assert refused.value.status == 400


def test_a_binary_tensor_of_another_size_is_refused() -> None:
    with pytest.raises(Refused, match=r"FP32 \[2, 3\] is 24 bytes, got 23"):
        from_binary(memoryview(b"x" * 23), FP32, (2, 3), "x")


@pytest.mark.parametrize("shape", [None, [], [1] * 9, [1, -1], [1.0], [True], ["1"], "11", [2**40]])
def test_a_shape_is_a_list_of_whole_numbers(shape: Any) -> None:
    with pytest.raises(Refused, match="x: shape"):
        shape_of(shape, "x")


def test_strings_are_written_with_their_length() -> None:
    assert to_binary([b"cat", b""]) == b"\x03\0\0\0cat\0\0\0\0"
    assert to_json([b"cat", "ü".encode()]) == ["cat", "ü"]
