"""A server under load for a while: bundles change, clients vanish, requests are malformed, and no answer is lost."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import pytest

from runtime.install.activate import install
from runtime.serve.job import Job
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from tests.tiny_cascade import random_images

from .serving_doubles import binary_body, request

INFER = "/v2/models/edge/infer"
EXPECTED = {200, 429, 503}  # everything else is a request that was not answered as it should be
GROWTH_BYTES = 5e6


class Soak:
    """Clients of all kinds at one server; `seen` counts what well-formed requests were answered with."""

    def __init__(self, port: int) -> None:
        self.port, self.stop = port, threading.Event()
        self.seen: Counter[int] = Counter()
        self.lost: list[str] = []
        self.stopping = threading.Event()
        self.body, length = binary_body(random_images(2), outputs=[{"name": "class"}])
        self.headers = {"Inference-Header-Content-Length": str(length)}

    def ask(self) -> None:
        """Requests over one connection, about as fast as they are answered."""
        while not self.stop.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10.0)) as connection:
                try:
                    while not self.stop.is_set():
                        connection.request("POST", INFER, body=self.body, headers=self.headers)
                        response = connection.getresponse()
                        response.read()
                        self.seen[response.status] += 1
                        time.sleep(0.002)
                except (OSError, http.client.HTTPException) as error:
                    if not self.stopping.is_set():  # a server that stops refuses connections
                        self.lost.append(repr(error))
                    self.stop.wait(0.05)

    def vanish(self) -> None:
        """Clients that hang up in the middle, or before they are answered."""
        chance = random.Random(0)  # noqa: S311 (a test that repeats itself)
        head = f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(self.body)}\r\n".encode()
        head += f"Inference-Header-Content-Length: {self.headers['Inference-Header-Content-Length']}\r\n\r\n".encode()
        while not self.stop.wait(0.01):
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port), 5.0)) as sock:
                sock.sendall((head + self.body)[: chance.randrange(1, len(head) + len(self.body) + 1)])

    def babble(self) -> None:
        """Bytes that are no requests."""
        chance = random.Random(1)  # noqa: S311 (a test that repeats itself)
        while not self.stop.wait(0.02):
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self.port), 5.0)) as sock:
                sock.sendall(chance.choice([b"", b"POST ", b"GET /v2 HTTP/1.1\r\n\r\n"]) + chance.randbytes(300))
                sock.settimeout(0.5)
                sock.recv(100)


@pytest.mark.slow
def test_a_million_inferences_leave_nothing_behind(served: ServedBundle) -> None:
    serving, settled = Serving(served, mode="one-shot"), threading.Semaphore(32)
    sizes, ask = [], request(outputs=())

    def done(job: Job) -> None:
        serving.recorder.answered(job)
        settled.release()

    for i in range(1_000_000):
        settled.acquire()
        serving.submit(ask, served, done)
        if i % 100_000 == 99_999:
            sizes.append(resident_bytes(os.getpid()))
    serving.drain(10.0)
    assert serving.recorder.recorded().requests == 1_000_000
    assert sizes[-1] - sizes[0] < 1e6, sizes


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.parametrize(
    ("seconds", "every_s"), [(3.0, 0.6), pytest.param(20.0, 1.5, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_no_request_is_lost_and_memory_does_not_grow(
    bundles: tuple[Path, Path], tmp_path: Path, seconds: float, every_s: float
) -> None:
    root = tmp_path / "root"
    install(bundles[0], root)
    options = ["serve", "--root", str(root), "--port", "0", "--trial-s", "0", "--powerd", str(tmp_path / "nobody.sock")]
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from runtime.commands.main import main; sys.exit(main())", *options],
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    ready = threading.Event()

    def listen() -> None:
        for line in process.stderr or ():
            said.append(line)
            if "ready: " in line:
                ready.set()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        assert ready.wait(20.0), said
        (port,) = [int(line.rsplit(":", 1)[1]) for line in said if "listening at http" in line]
        soak = Soak(port)
        clients = [threading.Thread(target=does) for does in (soak.ask, soak.ask, soak.vanish, soak.babble)]
        for client in clients:
            client.start()
        until_s, turn, sizes = time.monotonic() + seconds, 0, []
        while time.monotonic() < until_s:
            time.sleep(every_s)
            turn += 1
            install(bundles[turn % 2], root)
            sizes.append(resident_bytes(process.pid))
        soak.stopping.set()
        process.send_signal(signal.SIGTERM)
        status = process.wait(30.0)
        soak.stop.set()
        for client in clients:
            client.join(10.0)
    finally:
        process.kill()
        process.wait()
        listener.join(5.0)
        if process.stderr is not None:
            process.stderr.close()
    report = "".join(said)
    assert status == 0, report
    assert soak.lost == [], report
    assert set(soak.seen) <= EXPECTED, soak.seen
    assert soak.seen[200] > 20 * seconds, soak.seen
    assert report.count("has taken over") >= 2, report
    assert "died" not in report, report
    assert "Traceback" not in report, report
    if len(sizes) > 6:
        assert max(sizes[-3:]) - max(sizes[:3]) < GROWTH_BYTES, sizes
