"""Messages: what is one, and that nothing else passes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.operating_point import OperatingPoint
from runtime.powerd.protocol import (
    MAX_MESSAGE_BYTES,
    MAX_POINTS,
    Code,
    Malformed,
    Refusal,
    Request,
    encoded,
    request_of,
    triples,
)
from tests.runtime.powerd.clock_doubles import FAST

POINT = FAST.to_json()


def test_every_request_survives_the_wire() -> None:
    assert request_of(encoded({"op": "acquire", "ttl_s": 10})) == Request("acquire", ttl_s=10.0)
    assert request_of(encoded({"op": "set", "point": POINT})) == Request("set", point=FAST)
    for op in ("renew", "restore", "release", "status"):
        assert request_of(encoded({"op": op})) == Request(op)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"", "not a line of JSON"),
        (b"\xff\xfe", "not a line of JSON"),
        (b"[" * 60_000, "not a line of JSON"),
        (b'{"v":1,"op":"acquire","ttl_s":NaN}', "not a line of JSON"),
        (b'{"v":1,"op":"acquire","ttl_s":' + b"9" * 5000 + b"}", "not a line of JSON|ttl_s must be a number"),
        (b"[1]", "not a JSON object"),
        (b'{"op":"status"}', "v must be 1"),
        (b'{"v":2,"op":"status"}', "v must be 1"),
        (b'{"v":true,"op":"status"}', "v must be 1"),
        (b'{"v":1}', "op must be one of acquire, renew"),
        (b'{"v":1,"op":["set"]}', "op must be one of"),
        (b'{"v":1,"op":"reboot"}', "op must be one of"),
        (b'{"v":1,"op":"status","x":1}', "status takes exactly these keys: op, v"),
        (b'{"v":1,"op":"set"}', "set takes exactly these keys: op, point, v"),
        (b'{"v":1,"op":"acquire","ttl_s":61}', "ttl_s must be a number from 0.1 to 60"),
        (b'{"v":1,"op":"acquire","ttl_s":0}', "ttl_s must be a number"),
        (b'{"v":1,"op":"acquire","ttl_s":true}', "ttl_s must be a number"),
        (b'{"v":1,"op":"acquire","ttl_s":"9"}', "ttl_s must be a number"),
        (b'{"v":1,"op":"set","point":[1,2,3]}', "point must have exactly cpu_hz, gpu_hz and emc_hz"),
        (encoded({"op": "set", "point": {**POINT, "dla_hz": 1}}), "point must have exactly"),
        (encoded({"op": "set", "point": {**POINT, "cpu_hz": 1.5e9}}), "whole numbers of hertz"),
        (encoded({"op": "set", "point": {**POINT, "cpu_hz": True}}), "whole numbers of hertz"),
        (encoded({"op": "set", "point": {**POINT, "cpu_hz": -1}}), "whole numbers of hertz"),
        (encoded({"op": "set", "point": {**POINT, "cpu_hz": 10**300}}), "whole numbers of hertz"),
        (encoded({"op": "set", "point": {**POINT, "cpu_hz": 1_728_000}}), "cpufreq files are kHz"),
    ],
)
def test_anything_else_is_malformed_and_why_is_said(line: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        request_of(line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_bytes_raise_anything_but_malformed(line: bytes) -> None:
    try:
        assert isinstance(request_of(line), Request)
    except Malformed:
        return


@given(st.sampled_from([("set", "point"), ("acquire", "ttl_s")]), JSON)
def test_no_values_raise_anything_but_malformed(op_and_key: tuple[str, str], value: object) -> None:
    op, key = op_and_key
    try:
        assert isinstance(request_of(encoded({"op": op, key: value})), Request)
    except Malformed:
        return


def test_a_refusal_says_what_and_what_to_do() -> None:
    reply = Refusal(Code.HELD, "process 7 holds the clocks", "wait", holder_pid=7).to_json()
    error = {"code": "held", "what": "process 7 holds the clocks", "to_do": "wait", "holder_pid": 7}
    assert reply == {"ok": False, "error": error}


def test_the_longest_list_of_points_fits_a_message() -> None:
    points = [OperatingPoint(9_999_999_000 + i, 9_999_999_999, 9_999_999_999) for i in range(MAX_POINTS)]
    assert len(encoded({"ok": True, "allowed": triples(points)})) < MAX_MESSAGE_BYTES - 20_000
