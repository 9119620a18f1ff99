"""Tensors of the Open Inference Protocol, as JSON numbers and as the binary extension has them.

Binary tensors are little-endian and row by row; a BYTES tensor is each element's length in four bytes, then the element
(https://github.com/kserve/open-inference-protocol, and Triton's binary data extension). Nothing is ever unpickled.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .refusal import bad_request

Tensor = npt.NDArray[Any]
UINT8, FP32, INT64, BYTES = "UINT8", "FP32", "INT64", "BYTES"
DTYPES: dict[str, np.dtype[Any]] = {UINT8: np.dtype("u1"), FP32: np.dtype("<f4"), INT64: np.dtype("<i8")}
MOST_DIMENSIONS = 8
LARGEST_FP32 = float(np.finfo(np.float32).max)


def shape_of(value: Any, where: str) -> tuple[int, ...]:
    """A shape from JSON. Raises Refused unless it is a list of whole numbers of at least 0."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST_DIMENSIONS:
        raise bad_request(f"{where}: shape must be a list of 1 to {MOST_DIMENSIONS} whole numbers")
    if any(type(size) is not int or not 0 <= size < 2**31 for size in value):
        raise bad_request(f"{where}: shape {str(value)[:80]} is no list of whole numbers from 0")
    return tuple(value)


def from_binary(buffer: memoryview, datatype: str, shape: tuple[int, ...], where: str) -> Tensor:
    """The tensor that lies in `buffer`, without a copy. Raises Refused where the size is another."""
    dtype = DTYPES[datatype]
    needed = math.prod(shape) * dtype.itemsize
    if len(buffer) != needed:
        raise bad_request(f"{where}: {datatype} {list(shape)} is {needed} bytes, got {len(buffer)}")
    return np.frombuffer(buffer, dtype).reshape(shape)


def from_json(data: Any, datatype: str, shape: tuple[int, ...], where: str) -> Tensor:
    """The tensor of a JSON `data`, flat or nested. Raises Refused on anything but numbers of that type and number."""
    try:
        values = np.asarray(data)
    except (ValueError, OverflowError) as error:  # rows of different lengths; whole numbers beyond 64 bits
        raise bad_request(f"{where}: data is no tensor: {error}") from error
    if values.size and values.dtype.kind not in ("iuf" if datatype == FP32 else "iu"):
        raise bad_request(f"{where}: data must be {datatype} numbers only, not {values.dtype}")
    if values.size != math.prod(shape) or (values.ndim > 1 and values.shape != shape):
        raise bad_request(f"{where}: data of shape {list(values.shape)} does not fill {list(shape)}")
    lowest, highest = (-LARGEST_FP32, LARGEST_FP32) if datatype == FP32 else (0, 255)
    if values.size and not (values.min() >= lowest and values.max() <= highest):
        raise bad_request(f"{where}: data does not fit {datatype}: values lie between {lowest} and {highest}")
    return values.astype(DTYPES[datatype]).reshape(shape)


def to_binary(values: Tensor | Sequence[bytes]) -> bytes:
    """As the binary extension has it."""
    if isinstance(values, np.ndarray):
        return values.tobytes()
    return b"".join(struct.pack("<I", len(element)) + element for element in values)


def to_json(values: Tensor | Sequence[bytes]) -> list[Any]:
    """Flat, row by row."""
    if isinstance(values, np.ndarray):
        flat: list[Any] = values.ravel().tolist()
        return flat
    return [element.decode() for element in values]
