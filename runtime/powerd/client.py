"""Powerd from the other side: a lease that is renewed in the background for as long as the process lives.

Nothing takes the lease again by itself. Once it is lost, the clocks have gone back, and whoever counts on them must
know: every call but `status` raises LeaseLost until `acquire` is called again.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from runtime.boards.clocks import Applied, ClockRefused, ClocksTaken
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import ABSENT_HZ, OperatingPoint

from .protocol import DEFAULT_SOCKET, MAX_MESSAGE_BYTES, Code, Malformed, encoded, table_of

QUEUE_FULL_S = 0.01  # before connecting again
NOWHERE = OperatingPoint(ABSENT_HZ, ABSENT_HZ, ABSENT_HZ)  # where powerd cannot read the clocks


class PowerdError(BoardError):
    """Powerd cannot be reached, or declined; `code` is powerd's own, None where it did not answer."""

    def __init__(self, what: str, *, where: str, to_do: str, code: Code | None = None) -> None:
        super().__init__(what, where=where, to_do=to_do)
        self.code = code


class LeaseLost(PowerdError):  # noqa: N818 (it is)
    """The lease is gone, and the clocks are as powerd found them."""


@dataclass(frozen=True, slots=True)
class Status:
    """What powerd says of itself."""

    current: OperatingPoint | None  # None: the clocks cannot be read
    held: OperatingPoint | None  # None: as found
    allowed: tuple[OperatingPoint, ...]  # and offered by the device
    source: str  # of the allow-list
    holder_pid: int | None
    yours: bool  # the lease is this connection's
    yielded: bool
    problems: tuple[str, ...]


class PowerdClient:
    """One connection to powerd. As a context manager it holds the lease inside the block; safe between threads.

    `ttl_s` is how long the clocks outlive this process: they are renewed after a third of it. `timeout_s` bounds one
    reply, and with it one `set`.
    """

    def __init__(self, path: Path = Path(DEFAULT_SOCKET), *, ttl_s: float = 10.0, timeout_s: float = 10.0) -> None:
        self._path, self._ttl_s, self._timeout_s = path, ttl_s, timeout_s
        self._lock = threading.RLock()  # one request and its reply at a time
        self._sock: socket.socket | None = None
        self._unread, self._unanswered = bytearray(), 0
        self._lost: str | None = None
        self._renewal: tuple[threading.Thread, threading.Event] | None = None

    def __enter__(self) -> PowerdClient:
        try:
            self.acquire()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(BoardError):  # so that the clocks are back when the block ends; powerd would see to it anyway
            self.release()
        self.close()

    @property
    def lost(self) -> str | None:
        """Why the lease was lost; None while it is held or was never taken."""
        return self._lost

    def acquire(self) -> None:
        """Take the lease, on a new connection where the old one is gone, and keep it renewed.

        Raises:
            PowerdError: powerd is not there, another process holds the lease, or nothing can be set.
        """
        self._stop_renewing()
        with self._lock:
            if self._lost is not None:
                self._disconnect()  # a late answer to an old request may still be on its way
                self._lost = None
            self._ask({"op": "acquire", "ttl_s": self._ttl_s})
        stop = threading.Event()
        thread = threading.Thread(target=self._renew, args=(stop,), name="powerd lease", daemon=True)
        self._renewal = (thread, stop)
        thread.start()

    def set(self, point: OperatingPoint) -> Applied:
        """Hold a point until the next call or the end of the lease.

        Raises:
            ClockRefused: not on the allow-list, or the device does not hold it.
            ClocksTaken: another program changed the clocks, and powerd has stepped back; `acquire` takes them again.
            LeaseLost: there is no lease any more.
            PowerdError: powerd failed.
        """
        with self._lock:
            reply = self._tell({"op": "set", "point": point.to_json()})
            error = reply.get("error")
            if error is not None and error["code"] in {Code.NOT_ALLOWED, Code.REFUSED}:
                now = self.status()
                why = str(error.get("why", error["what"]))
                raise ClockRefused(point, now.current or NOWHERE, now.allowed, why)
            self._check(reply)
        return Applied(
            OperatingPoint.from_json(reply["requested"]),
            OperatingPoint.from_json(reply["applied"]),
            float(reply["took_s"]),
        )

    def restore(self) -> None:
        """The clocks as powerd found them, governors too; the lease goes on. Raises as `set` does."""
        self._ask({"op": "restore"})

    def status(self) -> Status:
        """What powerd holds, for whom, and what it allows; needs no lease. Raises PowerdError."""
        reply = self._ask({"op": "status"})
        lease = reply["lease"]
        return Status(
            current=None if reply["current"] is None else OperatingPoint.from_json(reply["current"]),
            held=None if reply["held"] is None else OperatingPoint.from_json(reply["held"]),
            allowed=tuple(OperatingPoint(*triple) for triple in reply["allowed"]),
            source=str(reply["source"]),
            holder_pid=None if lease is None else int(lease["pid"]),
            yours=lease is not None and bool(lease["yours"]),
            yielded=lease is not None and bool(lease["yielded"]),
            problems=tuple(reply["problems"]),
        )

    def release(self) -> None:
        """End the lease: the clocks come back. Raises LeaseLost where it was lost before."""
        self._stop_renewing()
        self._ask({"op": "release"})

    def close(self) -> None:
        """End lease and connection; never raises, since powerd restores the clocks by itself."""
        self._stop_renewing()
        with self._lock:
            self._disconnect()

    def _renew(self, stop: threading.Event) -> None:
        try:
            while not stop.wait(self._ttl_s / 3):
                self._ask({"op": "renew"})
        except BoardError as error:
            with self._lock:
                self._lost = self._lost or str(error)

    def _stop_renewing(self) -> None:
        if self._renewal is not None:
            thread, stop = self._renewal
            stop.set()
            thread.join()
            self._renewal = None

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            reply = self._tell(message)
            self._check(reply)
        return reply

    def _check(self, reply: dict[str, Any]) -> None:
        """Raises what the reply's error stands for."""
        if reply.get("ok") is True:
            return
        error = reply["error"]
        code, what, to_do = Code(error["code"]), str(error["what"]), str(error["to_do"])
        if code is Code.TAKEN:
            raise ClocksTaken(what, where=str(self._path), to_do=to_do)
        if code is Code.NO_LEASE:
            self._lost = what
            raise LeaseLost(what, where=str(self._path), to_do=to_do, code=code)
        if code in {Code.MALFORMED, Code.FOREIGN, Code.CROWDED}:  # powerd closes after these
            self._disconnect()
        raise PowerdError(what, where=str(self._path), to_do=to_do, code=code)

    def _tell(self, message: dict[str, Any]) -> dict[str, Any]:
        """One request, one reply. Raises LeaseLost after the lease was lost, PowerdError where powerd is not there."""
        with self._lock:
            if self._lost is not None and message["op"] != "status":
                raise LeaseLost(
                    f"the lease on the clocks was lost: {self._lost}",
                    where=str(self._path),
                    to_do="acquire it again; the clocks are as powerd found them",
                )
            held = self._renewal is not None
            try:
                return self._exchange(message)
            except (OSError, Malformed) as error:
                self._disconnect()
                if held:
                    self._lost = str(error) or type(error).__name__
                    raise LeaseLost(
                        f"the lease on the clocks was lost: powerd does not answer: {self._lost}",
                        where=str(self._path),
                        to_do="acquire it again; powerd restores the clocks it found, at the latest at its next start",
                    ) from error
                may_not = isinstance(error, PermissionError)
                raise PowerdError(
                    f"powerd does not answer: {error}",
                    where=str(self._path),
                    to_do="run as a user of powerd's group (its --group)"
                    if may_not
                    else "start it: systemctl start edge-powerd, or edge-runtime powerd as root",
                ) from error

    def _exchange(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._sock is None:
            self._sock = connected(self._path, self._timeout_s)
        self._unanswered += 1
        with suppress(BrokenPipeError, ConnectionResetError):  # powerd may have said why before it closed
            self._sock.sendall(encoded(message))
        # More than one where an interrupt cut an earlier exchange short: its reply is not this one's.
        while self._unanswered:
            line = self._line(self._sock)
            self._unanswered -= 1
        return table_of(line)

    def _line(self, sock: socket.socket) -> bytes:
        while b"\n" not in self._unread:
            part = sock.recv(MAX_MESSAGE_BYTES)
            if not part:
                raise ConnectionResetError("it closed the connection")
            self._unread += part
            if len(self._unread) > 2 * MAX_MESSAGE_BYTES:
                raise Malformed("a reply is too long")
        line, _, rest = bytes(self._unread).partition(b"\n")
        self._unread = bytearray(rest)
        return line

    def _disconnect(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None
        self._unread.clear()
        self._unanswered = 0


def connected(path: Path, timeout_s: float) -> socket.socket:
    """A connection whose every step takes at most `timeout_s`. Raises OSError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    until_s = time.monotonic() + timeout_s
    sock.settimeout(timeout_s)
    while True:
        try:
            sock.connect(str(path))
        except BlockingIOError:  # its queue is full, which is no reason for a Unix socket to wait
            if time.monotonic() < until_s:
                time.sleep(QUEUE_FULL_S)
                continue
            sock.close()
            raise
        except OSError:
            sock.close()
            raise
        return sock
