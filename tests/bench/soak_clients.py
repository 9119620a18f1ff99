"""Clients of a soak: well-behaved ones at a given rate, and ones that vanish, babble or bring a stage to hang.

Of every request that a well-behaved client sends, one outcome is counted; what is none is written down in `lost`.
"""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import numpy as np

from runtime.contract.arrays import FloatArray, UInt8Array

from .soak_daemon import HANGS_A_WHILE, HANGS_FOR_GOOD, hanging

INFER = "/v2/models/edge/infer"
STATED = {429, 503, 504}  # limits that the server states
LONGEST_S = 60.0  # for any answer: what takes longer hangs
DEADLINES_MS = (None, 200, 1000)
KEPT = 20_000  # latencies
MOST_LOST = 100  # sentences


@dataclass
class Seen:
    """What all clients saw; changed under `lock`."""

    answers: Counter[int] = field(default_factory=Counter)  # to well-formed requests, by status
    sent: int = 0  # of those
    malformed: Counter[int] = field(default_factory=Counter)
    vanished: int = 0
    lost: list[str] = field(default_factory=list)
    latencies_s: list[float] = field(default_factory=list)  # of 200s, a sample
    slowest_s: float = 0.0  # of all outcomes
    hung: list[tuple[int, float]] = field(default_factory=list)  # status and seconds of requests that hang a stage
    lock: threading.Lock = field(default_factory=threading.Lock)

    def lose(self, what: str) -> None:
        """A request had no outcome, or a wrong one."""
        with self.lock:
            if len(self.lost) < MOST_LOST:
                self.lost.append(what)


class Crowd:
    """All clients, in threads of this process."""

    def __init__(self, port: int, images: UInt8Array, right: Sequence[FloatArray], seed: int) -> None:
        self._port, self._images, self._right, self._seed = port, images, right, seed
        self.seen = Seen()
        self.rate_per_s: float | None = None  # None: as fast as they are answered
        self._stop, self._resting = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, clients: int, *, rude: bool = True) -> None:
        """So many well-behaved ones, and one each that vanishes and babbles."""
        self._threads = [threading.Thread(target=self._ask, args=(k, clients), daemon=True) for k in range(clients)]
        if rude:
            self._threads += [threading.Thread(target=does, daemon=True) for does in (self._vanish, self._babble)]
        for thread in self._threads:
            thread.start()

    def rest(self, *, now: bool = True) -> None:
        """Send nothing for a while; who waits for an answer gets it."""
        (self._resting.set if now else self._resting.clear)()

    def stop_soon(self) -> None:
        """For good, without waiting for it."""
        self._stop.set()

    def stop(self) -> None:
        """For good."""
        self._stop.set()
        for thread in self._threads:
            thread.join(LONGEST_S)

    def at_another(self, port: int) -> Crowd:
        """The same, who have seen nothing yet."""
        return Crowd(port, self._images, self._right, self._seed + 1)

    def once(self) -> None:
        """One request over a connection of its own."""
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=LONGEST_S)) as connection:
                self._exchange(connection, 0, *_request(self._images[0], None))
        except (OSError, http.client.HTTPException) as error:
            self.seen.lose(repr(error))

    def hang(self, *, for_good: bool = False) -> tuple[int, float]:
        """Bring a stage to hang; the status with which that was answered, and after how long."""
        image = hanging(self._images[0], HANGS_FOR_GOOD if for_good else HANGS_A_WHILE)
        body, headers = _request(image, None)
        began_s = time.monotonic()
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=LONGEST_S)) as connection:
                connection.request("POST", INFER, body=body, headers=headers)
                status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            self.seen.lose(f"a request that hangs a stage: {error!r}")
            status = 0
        outcome = status, time.monotonic() - began_s
        with self.seen.lock:
            self.seen.hung.append(outcome)
        return outcome

    def _ask(self, number: int, clients: int) -> None:
        chance = random.Random(f"{self._seed}/{number}")  # noqa: S311 (a load that repeats itself)
        requests = [[_request(image, due) for due in DEADLINES_MS] for image in self._images]
        due_s = time.monotonic()
        while not self._stop.is_set():
            with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=LONGEST_S)) as connection:
                try:
                    while not self._stop.is_set():
                        rate_per_s = self.rate_per_s
                        if self._resting.is_set():
                            self._stop.wait(0.05)
                            continue
                        if rate_per_s is not None:
                            due_s = max(due_s + chance.expovariate(rate_per_s / clients), time.monotonic() - 1.0)
                            if (wait_s := due_s - time.monotonic()) > 0:
                                time.sleep(wait_s)
                        which = chance.randrange(len(requests))
                        self._exchange(connection, which, *chance.choice(requests[which]))
                except (OSError, http.client.HTTPException) as error:
                    self.seen.lose(repr(error))
                    self._stop.wait(0.1)

    def _exchange(
        self, connection: http.client.HTTPConnection, which: int, body: bytes, headers: dict[str, str]
    ) -> None:
        seen, began_s = self.seen, time.monotonic()
        with seen.lock:
            seen.sent += 1
        connection.request("POST", INFER, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
        took_s = time.monotonic() - began_s
        with seen.lock:
            seen.answers[response.status] += 1
            seen.slowest_s = max(seen.slowest_s, took_s)
            if response.status == 200 and len(seen.latencies_s) < KEPT:
                seen.latencies_s.append(took_s)
            elif response.status == 200:
                seen.latencies_s[seen.sent % KEPT] = took_s
        if response.status == 200:
            length = int(response.getheader("Inference-Header-Content-Length") or 0)
            logits = np.frombuffer(content[length:], dtype=np.float32)
            rows = self._right[which]
            if logits.shape != rows.shape[1:] or np.abs(rows - logits).max(axis=1).min() > 1e-3:
                seen.lose(f"image {which} was answered with what no exit says: {logits}")
        elif response.status not in STATED or not json.loads(content).get("error"):
            seen.lose(f"{response.status}: {content[:200]!r}")
        if response.will_close:
            connection.close()

    def _vanish(self) -> None:
        """Hang up in the middle of a request, or before it is answered."""
        chance = random.Random(f"{self._seed}/vanish")  # noqa: S311 (a load that repeats itself)
        body, headers = _request(self._images[0], None)
        head = f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        whole = (head + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n").encode() + body
        while not self._stop.wait(0.1):
            if self._resting.is_set():
                continue
            sent = len(whole) if chance.random() < 0.5 else chance.randrange(1, len(whole))
            with suppress(OSError), closing(socket.create_connection(("127.0.0.1", self._port), 5.0)) as sock:
                sock.sendall(whole[:sent])
                self._stop.wait(chance.choice([0.0, 0.0, 0.02]))
                self.seen.vanished += 1

    def _babble(self) -> None:
        """Damaged requests, and bytes that are none."""
        chance = random.Random(f"{self._seed}/babble")  # noqa: S311 (a load that repeats itself)
        whole, headers = _request(self._images[0], None)
        while not self._stop.wait(0.1):
            if self._resting.is_set():
                continue
            body = bytearray(whole)
            for _ in range(chance.randrange(1, 4)):
                body[chance.randrange(min(len(body), 200))] = chance.randrange(256)
            with suppress(OSError, http.client.HTTPException):
                if chance.random() < 0.3:
                    with closing(socket.create_connection(("127.0.0.1", self._port), 5.0)) as sock:
                        sock.sendall(
                            chance.choice([b"", b"POST ", b"GET /v2 HTTP/1.1\r\n\r\n"]) + chance.randbytes(300)
                        )
                    continue
                with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=LONGEST_S)) as connection:
                    connection.request("POST", INFER, body=bytes(body), headers=headers)
                    status = connection.getresponse().status
                    self.seen.malformed[status] += 1
                    if status >= 500 and status not in STATED:
                        self.seen.lose(f"a malformed request was answered with {status}")


def _request(image: UInt8Array, deadline_ms: int | None) -> tuple[bytes, dict[str, str]]:
    """One image as a binary tensor, asking for logits as such; body and headers."""
    content = image.tobytes()
    tensor = {"name": "image", "datatype": "UINT8", "shape": [1, *image.shape]}
    table = {
        "inputs": [tensor | {"parameters": {"binary_data_size": len(content)}}],
        "outputs": [{"name": "logits", "parameters": {"binary_data": True}}],
        "parameters": {} if deadline_ms is None else {"deadline_ms": deadline_ms},
    }
    head = json.dumps(table).encode()
    return head + content, {"Inference-Header-Content-Length": str(len(head))}
