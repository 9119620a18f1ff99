from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from runtime.contract.fingerprint import CHUNK_BYTES, arrays_sha256, canonical_json, file_sha256, json_sha256


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_a_file_has_the_digest_of_its_bytes_however_long(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    (tmp_path / "f").write_bytes(content)
    assert file_sha256(tmp_path / "f") == hashlib.sha256(content).hexdigest()


def test_json_has_one_digest_whatever_the_order_of_its_keys() -> None:
    assert canonical_json({"b": 1, "a": [1, 2.5, None]}) == b'{"a":[1,2.5,null],"b":1}'
    assert json_sha256({"b": 1, "a": 2}) == json_sha256({"a": 2, "b": 1})
    assert json_sha256({"a": [1, 2]}) != json_sha256({"a": [2, 1]})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_of_what_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_sha256({"x": value})


def test_arrays_differ_in_content_type_shape_or_order() -> None:
    a = np.arange(6, dtype=np.int32)
    variants = [(a,), (a + 1,), (a.astype(np.int64),), (a.reshape(2, 3),), (a, a), (a.reshape(2, 3).T,)]
    assert len({arrays_sha256(*arrays) for arrays in variants}) == len(variants)


def test_an_array_that_is_not_contiguous_has_the_digest_of_its_copy() -> None:
    a = np.arange(12).reshape(3, 4).T
    assert arrays_sha256(a) == arrays_sha256(a.copy(order="C"))
