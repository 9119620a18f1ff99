"""A web server on loopback that keeps what is posted to it, and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


class Receiver(HTTPServer):
    """`status`, `answer` and `headers` may be changed between requests."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.status, self.answer = 200, b"{}"
        self.headers: dict[str, str] = {}
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        self.asked: list[dict[str, str]] = []  # headers of requests, lower case
        self.hangs_up = False  # after each answer, without saying so

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.server_port}"


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Any = self.server
        server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        server.paths.append(self.path)
        server.asked.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(server.status)
        for name, value in server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(server.answer)))
        self.end_headers()
        self.wfile.write(server.answer)
        self.close_connection = self.close_connection or server.hangs_up

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One that answers in a thread of its own."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
