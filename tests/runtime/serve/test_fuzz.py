"""A hundred thousand requests that are wrong in every way: `pytest -m slow tests/runtime/serve/test_fuzz.py` (minutes).

The normal suite sends some hundreds of them, here and in test_app.py.
"""

from __future__ import annotations

import http.client
import random
import socket
from collections import Counter
from collections.abc import Callable
from contextlib import closing

import pytest

from runtime.serve.served_bundle import ServedBundle
from tests.tiny_cascade import random_images

from .conftest import Running
from .serving_doubles import binary_body, json_body

Start = Callable[..., Running]
INFER = "/v2/models/edge/infer"
STATED_LIMITS = {429, 503, 504}
PATHS = (INFER, "/v2/models/edge/versions/1/infer", "/v2", "/metrics", "/v2/models/edge/config", "/x", "/v2/models/%00")
METHODS = ("POST", "GET", "PUT", "OPTIONS", "HEAD")


class Fuzzer:
    """Well-formed HTTP around damaged content, and now and then damaged HTTP; the same seed, the same requests."""

    def __init__(self, port: int, seed: int) -> None:
        self.port, self.chance = port, random.Random(seed)  # noqa: S311 (a test that repeats itself)
        self.bodies = [binary_body(random_images(1)), (json_body(random_images(1)), None)]
        self.seen: Counter[int] = Counter()

    def requests(self, count: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10.0)
        for i in range(count):
            if i % 50 == 49:
                self.broken_http()
                continue
            body, headers = self.content()
            elsewhere = self.chance.random() < 0.2
            method, path = (self.chance.choice(METHODS), self.chance.choice(PATHS)) if elsewhere else ("POST", INFER)
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            response.read()
            self.seen[response.status] += 1
            if response.will_close:
                connection.close()
        connection.close()

    def content(self) -> tuple[bytes, dict[str, str]]:
        chance = self.chance
        whole, json_bytes = chance.choice(self.bodies)
        body = bytearray(whole)
        near = json_bytes or len(body)
        for _ in range(chance.randrange(4)):
            place = chance.randrange(min(near, 200) if chance.random() < 0.8 else len(body))
            body[place : place + chance.randrange(4)] = chance.randbytes(chance.randrange(4))
        if chance.random() < 0.1:
            body = body[: chance.randrange(len(body) + 1)]
        headers: dict[str, str] = {}
        if json_bytes is not None and chance.random() < 0.9:
            headers["Inference-Header-Content-Length"] = str(json_bytes + chance.choice([0, 0, 0, 0, -1, 7, 10**9]))
        if chance.random() < 0.05:
            headers["Content-Encoding"] = chance.choice(["gzip", "deflate", "br", "\x01"])
        if chance.random() < 0.05:
            headers["Content-Type"] = chance.choice(["text/xml", "application/json", "x"])
        return bytes(body), headers

    def broken_http(self) -> None:
        with closing(socket.create_connection(("127.0.0.1", self.port), 5.0)) as sock:
            sock.sendall(
                self.chance.choice([b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", self.chance.randbytes(64)])
            )


@pytest.mark.parametrize(
    ("count", "trusted"),
    [(300, False), (300, True), pytest.param(100_000, False, marks=pytest.mark.slow)],
    ids=["h11", "httptools where installed", "many"],
)
def test_no_malformed_request_breaks_the_server(
    served: ServedBundle, start_server: Start, count: int, trusted: bool
) -> None:
    running = start_server(served, trusted=trusted)
    fuzzer = Fuzzer(running.port, seed=7)
    fuzzer.requests(count)
    assert {status for status in fuzzer.seen if status >= 500} <= STATED_LIMITS, fuzzer.seen
    assert fuzzer.seen[200] > 0
    assert fuzzer.seen[400] > 0
    assert running.servers.alive
    assert all(worker.thread.is_alive() for worker in running.serving.workers.workers)
