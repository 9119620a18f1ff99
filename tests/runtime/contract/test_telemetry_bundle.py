from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import DataError
from runtime.contract.telemetry_bundle import MAGIC, bundled, unbundled

PAYLOADS = st.lists(st.binary(max_size=60), max_size=8)


@given(payloads=PAYLOADS)
def test_what_was_bundled_comes_out_whole_and_in_order(payloads: list[bytes]) -> None:
    assert list(unbundled(bundled(payloads))) == payloads


@given(payloads=PAYLOADS.filter(bool), cut=st.integers(1, 400))
def test_of_a_bundle_that_is_cut_off_only_whole_payloads_come(payloads: list[bytes], cut: int) -> None:
    whole = bundled(payloads)
    content = whole[: max(len(MAGIC), len(whole) - cut)]
    found: list[bytes] = []
    with suppress(DataError):
        found.extend(unbundled(content))
    assert found == payloads[: len(found)]
    assert len(found) < len(payloads)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", MAGIC[:-1]])
def test_what_is_no_bundle_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match="not a bundle of telemetry"):
        list(unbundled(content))


def test_a_length_beyond_all_measure_is_refused_before_anything_is_read() -> None:
    with pytest.raises(DataError, match="cut off"):
        list(unbundled(MAGIC + b"\xff\xff\xff\xff"))
