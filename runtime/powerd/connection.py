"""One client's connection: lines in, lines out, bounded in size and in time."""

from __future__ import annotations

import socket

from .peer import Peer
from .protocol import MAX_MESSAGE_BYTES, Malformed

READ_BYTES = 65_536
MESSAGE_TIMEOUT_S = 5.0  # for the rest of a line that has begun, and for a client that does not read its replies
IDLE_TIMEOUT_S = 30.0  # without a lease


class Connection:
    """Bytes of a non-blocking socket, cut into lines. Raises nothing but OSError and Malformed."""

    def __init__(self, sock: socket.socket, peer: Peer, number: int, now_s: float) -> None:
        sock.setblocking(False)
        self.sock, self.peer, self.number = sock, peer, number
        self.closing = False  # when everything is sent
        self._in, self._out = bytearray(), bytearray()
        self._busy_since_s = self._idle_since_s = now_s

    def receive(self, now_s: float) -> bool:
        """Take what has come; False at the end of the stream. Raises OSError."""
        if not (part := self.sock.recv(READ_BYTES)):
            return False
        if not self._in:
            self._busy_since_s = now_s
        self._in += part
        return True

    def has_line(self) -> bool:
        """Whether `next_line` has something to say."""
        return b"\n" in self._in or len(self._in) > MAX_MESSAGE_BYTES

    def next_line(self, now_s: float) -> bytes:
        """The oldest line that `has_line` promised. Raises Malformed where it is too long."""
        line, end, rest = bytes(self._in).partition(b"\n")
        if not end or len(line) >= MAX_MESSAGE_BYTES:
            raise Malformed(f"a message has at most {MAX_MESSAGE_BYTES} bytes with its line end")
        self._in = bytearray(rest)
        self._busy_since_s = self._idle_since_s = now_s
        return line

    def send(self, line: bytes, now_s: float) -> None:
        """Queue a reply and send what the client takes. Raises OSError."""
        if not self._out:
            self._busy_since_s = now_s
        self._out += line
        self.flush(now_s)

    def flush(self, now_s: float) -> None:
        """Send more of what is queued. Raises OSError."""
        while self._out:
            try:
                sent = self.sock.send(self._out)
            except BlockingIOError:
                return
            del self._out[:sent]
            self._busy_since_s = self._idle_since_s = now_s

    def has_unsent(self) -> bool:
        """Whether the client has yet to take a reply; nothing more is read from it until then."""
        return bool(self._out)

    def deadline_s(self, *, holds_lease: bool) -> float | None:
        """When to give this client up; None for a holder with nothing half-done, whose lease has a deadline."""
        if self._in or self._out:
            return self._busy_since_s + MESSAGE_TIMEOUT_S
        return None if holds_lease else self._idle_since_s + IDLE_TIMEOUT_S
