"""Infer requests, well and badly formed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.preprocessing import Preprocessing
from runtime.serve.infer_request import OUTPUTS, RequestReader
from runtime.serve.limits import Limits
from runtime.serve.refusal import Refused
from tests.tiny_cascade import CLASSES, SPEC, random_images

from .serving_doubles import binary_body, json_body

LIMITS = Limits(request_images=4)
READ = RequestReader(SPEC, len(CLASSES), LIMITS)
IMAGES = random_images(2)


def changed(**changes: Any) -> bytes:
    """A valid request with keys of its tensor replaced."""
    table = json.loads(json_body(IMAGES))
    table["inputs"][0] |= changes
    return json.dumps(table).encode()


def status_of(body: bytes, json_bytes: int | None = None) -> int:
    try:
        READ(body, json_bytes)
    except Refused as refused:
        return refused.status
    return 200


def test_json_and_binary_tensors_are_read_alike() -> None:
    assert np.array_equal(READ(json_body(IMAGES)).images, IMAGES)
    assert np.array_equal(READ(*binary_body(IMAGES)).images, IMAGES)


def test_a_normalised_tensor_is_taken_as_it_is() -> None:
    tensor = Preprocessing(SPEC)(IMAGES)
    assert np.array_equal(READ(*binary_body(tensor, "FP32")).images, tensor)


def test_floats_that_were_never_normalised_are_refused() -> None:
    tensor = IMAGES.transpose(0, 3, 1, 2).astype(np.float32)
    with pytest.raises(Refused, match="normalise the image"):
        READ(*binary_body(tensor, "FP32"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused(value: float) -> None:
    tensor = Preprocessing(SPEC)(IMAGES)
    tensor[0, 0, 0, 0] = value
    with pytest.raises(Refused, match="FP32 values must lie between"):
        READ(*binary_body(tensor, "FP32"))


def test_without_a_list_of_outputs_all_are_told() -> None:
    assert tuple(output.name for output in READ(json_body(IMAGES)).outputs) == OUTPUTS
    assert not any(output.binary for output in READ(json_body(IMAGES)).outputs)
    body = json_body(IMAGES, parameters={"binary_data_output": True})
    assert all(output.binary for output in READ(body).outputs)


def test_outputs_are_told_as_asked() -> None:
    asked = [
        {"name": "class", "parameters": {"binary_data": True}},
        {"name": "logits", "parameters": {"classification": 99}},
    ]
    first, second = READ(json_body(IMAGES, outputs=asked)).outputs
    assert (first.name, first.binary, first.classification) == ("class", True, 0)
    assert (second.name, second.binary, second.classification) == ("logits", False, len(CLASSES))


@pytest.mark.parametrize(
    ("parameters", "deadline_s"),
    [
        ({}, 5.0),
        ({"deadline_ms": 20}, 0.02),
        ({"timeout": 1500}, 0.0015),
        ({"deadline_ms": 0}, 5.0),
        ({"deadline_ms": 1e12}, 3600.0),
    ],
)
def test_a_deadline_is_given_in_milliseconds_or_as_tritons_timeout(parameters: Any, deadline_s: float) -> None:
    assert READ(json_body(IMAGES, parameters=parameters)).deadline_s == pytest.approx(deadline_s)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"inputs": NaN}', "NaN is no JSON number"),
        (b"[]", "not a JSON object"),
        (b"{}", "inputs must be a list of one tensor"),
        (b'{"inputs": [1]}', "inputs must be a list of one tensor"),
        (json_body(IMAGES, id=5), "id must be a string"),
        (json_body(IMAGES, id="x" * 257), "id must be a string of at most 256"),
        (json_body(IMAGES, parameters=[]), "parameters must be a JSON object"),
        (json_body(IMAGES, parameters={"mode": 3}), "mode must be the name"),
        (json_body(IMAGES, parameters={"deadline_ms": -1}), "deadline_ms must be a number above 0"),
        (json_body(IMAGES, parameters={"deadline_ms": "5"}), "deadline_ms must be a number above 0"),
        (json_body(IMAGES, parameters={"timeout": True}), "timeout must be a number"),
        (json_body(IMAGES, outputs=[]), "outputs must be a list"),
        (json_body(IMAGES, outputs=[{"name": "x"}]), "unknown output 'x'"),
        (json_body(IMAGES, outputs=[{"name": "class", "parameters": {"classification": 2}}]), "classification takes"),
        (json_body(IMAGES, outputs=[{"name": "logits", "parameters": {"classification": -1}}]), "classification takes"),
        (changed(name="x"), "unknown input 'x'; the input is 'image'"),
        (changed(datatype="FP16"), "send UINT8"),
        (changed(datatype=["UINT8"]), "send UINT8"),
        (changed(shape=[2, 3, 3, 3]), "must be .*got"),
        (changed(shape=[0, SPEC.height, SPEC.width, 3]), "must be .*got"),
        (changed(data=[1]), "does not fill"),
        (changed(parameters={"binary_data_size": 5}), "binary_data_size is 5, 0 bytes follow"),
    ],
)
def test_a_request_that_is_malformed_is_refused_with_what_is_wrong(body: bytes, message: str) -> None:
    with pytest.raises(Refused, match=message) as refused:
        READ(body)
    assert refused.value.status == 400


def test_too_many_images_are_refused_before_they_are_read() -> None:
    with pytest.raises(Refused, match="5 images in one request, 4 at most") as refused:
        READ(changed(shape=[5, SPEC.height, SPEC.width, 3]))
    assert refused.value.status == 413


def test_a_json_part_that_is_longer_than_the_body_is_refused() -> None:
    with pytest.raises(Refused, match="the body has 2 bytes"):
        READ(b"{}", 3)


def test_bytes_that_belong_to_no_tensor_are_refused() -> None:
    body = json_body(IMAGES)
    with pytest.raises(Refused, match="bytes that belong to no tensor"):
        READ(body + b"more", len(body))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["name", "shape", "datatype", "data", "parameters", "binary_data_size", "inputs", "outputs", "id"]
    ) | st.text(max_size=4), inner, max_size=5),
    max_leaves=12,
)  # fmt: skip


@given(JSON, st.none() | st.integers(-5, 400), st.binary(max_size=40))
def test_whatever_is_sent_is_read_or_refused(table: Any, json_bytes: int | None, tail: bytes) -> None:
    assert status_of(json.dumps(table).encode() + tail, json_bytes) in (200, 400, 413)


@given(st.dictionaries(st.sampled_from(["name", "shape", "datatype", "data", "parameters"]), JSON, max_size=3))
def test_whatever_is_wrong_with_a_tensor_it_is_read_or_refused(changes: dict[str, Any]) -> None:
    assert status_of(changed(**changes)) in (200, 400, 413)
