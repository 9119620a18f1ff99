"""runtime/contract/precision.py"""

from __future__ import annotations

from runtime.contract.precision import BYTES, FP16, FP32, INT8, MIXED, PRECISIONS, SHOWN


def test_every_format_has_words_for_people() -> None:
    assert set(SHOWN) == set(PRECISIONS) == {FP32, FP16, INT8, MIXED}


def test_formats_of_one_value_have_a_width() -> None:
    assert BYTES == {FP32: 4, FP16: 2, INT8: 1}
