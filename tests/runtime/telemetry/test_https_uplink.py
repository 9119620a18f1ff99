from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_batch import INFERENCE, decode
from runtime.contract.telemetry_bundle import unbundled
from runtime.telemetry.https_uplink import HttpsUplink
from runtime.telemetry.spool import Spool, Spooled
from runtime.telemetry.uplink import UplinkFailed


class Receiver(HTTPServer):
    """Keeps what is posted, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.status, self.bodies, self.tokens = 200, list[bytes](), list[str | None]()


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Any = self.server
        server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        server.tokens.append(self.headers["Authorization"])
        self.send_response(server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def waiting(tmp_path: Path) -> list[Spooled]:
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        for k in range(2):
            spool.append(INFERENCE, {"at_us": [k]}, 0)
        return spool.waiting(1 << 20)


def test_payloads_are_posted_together_with_the_token(receiver: Receiver, waiting: list[Spooled]) -> None:
    uplink = HttpsUplink(f"http://127.0.0.1:{receiver.server_port}/in", token="secret")  # noqa: S106 (a test's)
    assert uplink.send(waiting) == [item.id for item in waiting]
    assert uplink.send(waiting) == [item.id for item in waiting]  # over the same connection
    uplink.close()
    assert [decode(payload).first_seq for payload in unbundled(receiver.bodies[0])] == [0, 1]
    assert receiver.tokens == ["Bearer secret"] * 2


@pytest.mark.parametrize("status", [301, 403, 429, 500, 503])
def test_any_other_answer_acknowledges_nothing(receiver: Receiver, waiting: list[Spooled], status: int) -> None:
    receiver.status = status
    uplink = HttpsUplink(f"http://127.0.0.1:{receiver.server_port}/in")
    with pytest.raises(UplinkFailed, match=f"answered {status}"):
        uplink.send(waiting)
    receiver.status = 200
    assert uplink.send(waiting)
    uplink.close()


def test_a_receiver_that_is_not_there_is_a_failure_to_be_tried_again(waiting: list[Spooled]) -> None:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        port = server.server_port
    with pytest.raises(UplinkFailed, match="cannot be reached"):
        HttpsUplink(f"http://127.0.0.1:{port}/in").send(waiting)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://collector.example/in", "not sent in the clear to collector.example"),
        ("ftp://x/y", "no URL to post to"),
        ("https://", "no URL to post to"),
        ("https://host:port/", "is no URL"),
    ],
)
def test_urls_that_cannot_be_meant_are_refused(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        HttpsUplink(url)


def test_certificates_that_are_not_there_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="certificates to trust cannot be read"):
        HttpsUplink("https://host/", ca_file=str(tmp_path / "none.pem"))
