from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import DataError
from runtime.contract.telemetry_batch import AGGREGATE, COLUMNS, EVENT, INFERENCE, TelemetryBatch, decode, encode


def batch(**changes: Any) -> TelemetryBatch:
    columns = {"at_us": [5, 9], "mode": ["balanced", "balanced"], "exit_index": [0, 2], "energy_uj": [None, 410]}
    plain = {
        "row_class": INFERENCE,
        "device_id": "d1",
        "boot_id": "b1",
        "board": "orin-nano",
        "first_seq": 7,
        "wall_offset_us": 1_700_000_000_000_000,
        "columns": columns,
    }
    return TelemetryBatch(**(plain | changes))


def _table(**changes: Any) -> bytes:
    table = json.loads(zlib.decompress(encode(batch())))
    return zlib.compress(json.dumps(table | changes).encode())


ROWS = st.integers(1, 40).flatmap(
    lambda count: st.fixed_dictionaries(
        {
            "at_us": st.lists(st.integers(0, 2**53), min_size=count, max_size=count),
            "mode": st.lists(st.none() | st.text(max_size=8), min_size=count, max_size=count),
            "energy_uj": st.lists(st.none() | st.integers(-5, 10**9), min_size=count, max_size=count),
        }
    )
)


@given(columns=ROWS, first_seq=st.integers(0, 2**53), offset=st.integers(-(2**60), 2**60))
def test_what_is_encoded_is_what_is_decoded(columns: Any, first_seq: int, offset: int) -> None:
    made = batch(columns=columns, first_seq=first_seq, wall_offset_us=offset)
    assert decode(encode(made)) == made


def test_every_class_names_its_columns_with_their_units() -> None:
    for row_class, columns in COLUMNS.items():
        assert "at_us" in columns
        made = {name: [3 if kind is int else "x"] for name, kind in columns.items()}
        assert decode(encode(batch(row_class=row_class, columns=made))).columns == made


@given(cut=st.integers(0, 200))
def test_a_truncated_payload_is_refused(cut: int) -> None:
    payload = encode(batch())
    with pytest.raises(DataError, match="cannot be read"):
        decode(payload[: min(cut, len(payload) - 1)])


@given(garbage=st.binary(max_size=200))
def test_garbage_is_refused_and_nothing_worse(garbage: bytes) -> None:
    with pytest.raises(DataError):
        decode(garbage)
    with pytest.raises(DataError):
        decode(zlib.compress(garbage))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": 2}, "telemetry of schema 2; this side reads up to 1"),
        ({"class": "gossip"}, "cannot be read|unknown class 'gossip'"),
        ({"count": 3}, "columns of different lengths"),
        ({"count": 10**12}, "rows"),
        ({"device_id": "../etc"}, "names no device, boot or board"),
        ({"columns": {"at_us": ["now", "later"]}}, "column 'at_us' is not one of inference rows"),
        ({"columns": {"at_us": [True, False]}}, "column 'at_us' is not one of inference rows"),
        ({"first_seq": -1}, "impossible size"),
        ({"first_seq": 2**63}, "impossible size"),
        ({"columns": {"at_us": [0, 2**63]}}, "column 'at_us' holds a number of more than 64 bits"),
    ],
)
def test_a_batch_that_is_no_batch_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        decode(_table(**changes))


def test_columns_of_a_later_version_are_left_aside() -> None:
    found = decode(_table(constant={"mode": "balanced", "mood": "fine"}))
    assert "mood" not in found.columns
    assert found.columns["mode"] == ["balanced", "balanced"]


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(DataError, match="truncated, or too large"):
        decode(zlib.compress(b" " * (65 << 20)))


def test_rows_take_little_room() -> None:
    count = 900  # half a minute at 30 inferences a second
    columns = {name: ["a word that repeats" if kind is str else 1] * count for name, kind in COLUMNS[INFERENCE].items()}
    columns["at_us"] = [k * 33_333 + k * k % 977 for k in range(count)]
    columns["latency_us"] = [1500 + k * k % 531 for k in range(count)]
    columns["entropy_unats"] = [k * 7919 % 1_000_000 for k in range(count)]
    assert len(encode(batch(columns=columns))) < 12 * count


def test_events_and_minutes_are_classes_of_their_own() -> None:
    assert len(batch(row_class=EVENT, columns={"name": ["started"]})) == 1
    assert len(batch(row_class=AGGREGATE, columns={"images": [1800], "exits": ["900,900"]})) == 1
