"""The description in OpenAPI, and what schemathesis makes of it: requests that fit it, and ones that nearly do.

The normal suite sends a hundred; `pytest -m slow tests/runtime/serve/test_openapi.py` two thousand (minutes).
"""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runtime.serve.limits import Limits
from runtime.serve.openapi import STATED_LIMITS, description
from runtime.serve.served_bundle import ServedBundle
from tests.tiny_cascade import random_images

from .conftest import Running
from .serving_doubles import json_body

Start = Callable[..., Running]
INFER = "/v2/models/edge/infer"


def answer(running: Running, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as connection:
        connection.request(method, path, body=body)
        response = connection.getresponse()
        content = response.read()
    return response.status, json.loads(content) if "json" in str(response.getheader("content-type")) else content


def test_everything_that_is_described_is_there(served: ServedBundle, start_server: Start) -> None:
    running = start_server(served)
    status, told = answer(running, "GET", "/openapi.json")
    assert (status, told) == (200, description("edge", told["info"]["version"], served, Limits()))
    for path, operations in told["paths"].items():
        for method in operations:
            body = json_body(random_images(1)) if path == INFER else b""
            assert answer(running, method.upper(), path, body)[0] == 200, path


def test_modes_outputs_and_limits_are_those_of_what_is_served(served: ServedBundle) -> None:
    table = description("edge", "1", served, Limits(request_images=2))
    request = table["paths"][INFER]["post"]["requestBody"]["content"]["application/json"]["schema"]["properties"]
    assert request["parameters"]["properties"]["mode"]["enum"] == list(served.modes)
    assert request["inputs"]["items"]["properties"]["data"]["maxItems"] == 2 * 12 * 16 * 3
    assert {int(status) for status in table["paths"][INFER]["post"]["responses"]} >= {200, 400, *STATED_LIMITS}


@pytest.mark.parametrize("count", [100, pytest.param(2000, marks=pytest.mark.slow)], ids=["a hundred", "two thousand"])
def test_whatever_a_client_makes_of_the_description_the_answer_fits_it(
    served: ServedBundle, start_server: Start, count: int
) -> None:
    schemathesis = pytest.importorskip("schemathesis", reason="makes the requests")
    checks = schemathesis.checks
    fitting = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]
    running = start_server(served)
    schema = schemathesis.openapi.from_url(f"http://{running.address}/openapi.json")
    modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
    seen: Counter[tuple[str, int]] = Counter()
    images = json.loads(json_body(random_images(1)))["inputs"]
    for found in schema.get_all_operations():
        operation = found.ok()
        cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases, right_images=st.booleans())
        def answers_as_described(case: Any, right_images: bool) -> None:
            if right_images and isinstance(case.body, dict):  # no schema can say how many numbers a shape asks for
                case.body["inputs"] = images
            response = case.call(timeout=10.0)
            seen[case.path, response.status_code] += 1
            if response.status_code >= 500:
                assert response.status_code in STATED_LIMITS, response.text
            if response.status_code != 405:  # of a method that the path does not have
                case.validate_response(response, checks=fitting)

        answers_as_described()
    assert sum(seen.values()) >= count
    assert seen[INFER, 200] > 0 < seen[INFER, 400], seen
    assert running.servers.alive
