"""The loop that carries requests from the socket to `Control`: one thread, one message per client and turn.

A flood costs the flooding client its connection, never the holder its lease: connections are limited in all and per
user, a line and a reply have a time limit, the holder's message is handled first in every turn, and nothing ever waits
for a client.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable

from .connection import Connection
from .control import Control
from .notify import Notifier
from .peer import AccessRule, Peer, peer_of
from .protocol import Code, Malformed, Refusal, encoded, request_of

MAX_CONNECTIONS = 32
MAX_PER_USER = 24  # one user cannot keep all others out
BACKLOG = 64
ACCEPTS_PER_TURN = 8
DEAF_S = 0.1  # without accepting, after accept() failed: no file descriptors are left
READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Server:
    """Serves a listening Unix socket until `stop()`, which any thread or signal handler may call."""

    def __init__(
        self,
        listener: socket.socket,
        control: Control,
        access: AccessRule,
        *,
        now_s: Callable[[], float] = time.monotonic,
        notifier: Notifier | None = None,
        ping_s: float | None = None,
    ) -> None:
        self._listener, self._control, self._access, self._now_s = listener, control, access, now_s
        self._notifier = Notifier(None) if notifier is None else notifier
        self._ping_s, self._next_ping_s = ping_s, now_s()
        self._connections: dict[int, Connection] = {}
        self._count = 0
        self._deaf_until_s: float | None = None
        self._stopping = False
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._waker.setblocking(False)
        self._woken.setblocking(False)
        listener.setblocking(False)
        self._selector.register(self._woken, READ)
        self._selector.register(listener, READ)

    def stop(self) -> None:
        """End `serve`, soon."""
        self._stopping = True
        try:
            self._waker.send(b"\0")
        except OSError:  # it is full or closed: serve wakes, or has ended
            return

    def serve(self) -> bool:
        """Serve until stopped; then the clocks come back. False where they could not all be restored."""
        self._notifier.tell("READY=1")
        try:
            while not self._stopping:
                self.turn()
        finally:
            self._notifier.tell("STOPPING=1")
            restored = self._control.stop()
            self.close()
        return restored

    def turn(self) -> None:
        """Wait for something to do, and do some of it."""
        events = self._selector.select(self._wait_s())
        now_s = self._now_s()
        self._control.tick(now_s)
        for key, mask in events:
            if key.fileobj is self._listener:
                self._accept(now_s)
            elif isinstance(key.data, Connection):
                self._move_bytes(key.data, mask, now_s)
        # The holder first: whatever others send, its renewal waits for one message at most.
        ready = [c for c in self._connections.values() if self._can_answer(c)]
        for connection in sorted(ready, key=lambda c: not self._control.holds_lease(c.number)):
            self._answer(connection)
        self._keep_times(self._now_s())

    def _wait_s(self) -> float | None:
        if self._stopping or any(self._can_answer(c) for c in self._connections.values()):
            return 0.0
        deadlines = [self._control.next_s(), self._deaf_until_s]
        deadlines += [self._deadline_s(connection) for connection in self._connections.values()]
        deadlines.append(None if self._ping_s is None else self._next_ping_s)
        due_s = min((deadline for deadline in deadlines if deadline is not None), default=None)
        return None if due_s is None else max(due_s - self._now_s(), 0.0)

    def _can_answer(self, connection: Connection) -> bool:
        return connection.has_line() and not connection.has_unsent() and not connection.closing

    def _deadline_s(self, connection: Connection) -> float | None:
        return connection.deadline_s(holds_lease=self._control.holds_lease(connection.number))

    def _accept(self, now_s: float) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            try:
                sock, _address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:
                self._selector.unregister(self._listener)
                self._deaf_until_s = now_s + DEAF_S
                return
            try:
                peer = peer_of(sock)
            except OSError:
                sock.close()
                continue
            if (refusal := self._unwelcome(peer)) is not None:
                _send_off(sock, refusal)
                continue
            self._count += 1
            connection = Connection(sock, peer, self._count, now_s)
            self._connections[connection.number] = connection
            self._selector.register(sock, READ, connection)

    def _unwelcome(self, peer: Peer) -> Refusal | None:
        if not self._access.admits(peer):
            return Refusal(
                Code.FOREIGN,
                f"user {peer.uid} may not set clocks here",
                "run as a user of powerd's group, or start powerd with --group or --allow-user",
            )
        of_user = sum(connection.peer.uid == peer.uid for connection in self._connections.values())
        if len(self._connections) >= MAX_CONNECTIONS or of_user >= MAX_PER_USER:
            return Refusal(
                Code.CROWDED,
                f"powerd has {len(self._connections)} connections, {of_user} of user {peer.uid}",
                "close some; see who has them with: ss -xp",
            )
        return None

    def _move_bytes(self, connection: Connection, mask: int, now_s: float) -> None:
        try:
            if mask & WRITE:
                connection.flush(now_s)
            # Not while a line waits: who sends faster than it is answered fills its own buffers, not powerd's memory.
            if mask & READ and not connection.has_line() and not connection.receive(now_s):
                self._drop(connection)
                return
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        self._listen_for(connection)

    def _answer(self, connection: Connection) -> None:
        try:
            request = request_of(connection.next_line(self._now_s()))
        except Malformed as malformed:
            refusal = Refusal(Code.MALFORMED, f"malformed message: {malformed}", "see runtime/powerd/protocol.py")
            connection.closing = True
            self._control.gone(connection.number)
            reply = refusal.to_json()
        else:
            reply = self._control.handle(connection.number, connection.peer.pid, request, self._now_s)
        try:
            connection.send(encoded(reply), self._now_s())
        except OSError:
            self._drop(connection)
            return
        self._listen_for(connection)

    def _listen_for(self, connection: Connection) -> None:
        if connection.has_unsent():
            self._selector.modify(connection.sock, WRITE, connection)
        elif connection.closing:
            self._drop(connection)
        else:
            self._selector.modify(connection.sock, READ, connection)

    def _keep_times(self, now_s: float) -> None:
        self._control.tick(now_s)
        for connection in list(self._connections.values()):
            deadline_s = self._deadline_s(connection)
            if deadline_s is not None and now_s >= deadline_s:
                self._drop(connection)
        if self._deaf_until_s is not None and now_s >= self._deaf_until_s:
            self._deaf_until_s = None
            self._selector.register(self._listener, READ)
        if self._ping_s is not None and now_s >= self._next_ping_s:
            self._next_ping_s = now_s + self._ping_s
            self._notifier.tell("WATCHDOG=1")

    def _drop(self, connection: Connection) -> None:
        self._selector.unregister(connection.sock)
        connection.sock.close()
        del self._connections[connection.number]
        self._control.gone(connection.number)

    def close(self) -> None:
        """Close every socket, the listener too; once more does no harm."""
        for connection in self._connections.values():
            connection.sock.close()
        self._connections.clear()
        self._selector.close()
        for sock in (self._listener, self._waker, self._woken):
            sock.close()


def _send_off(sock: socket.socket, refusal: Refusal) -> None:
    sock.setblocking(False)
    try:
        sock.send(encoded(refusal.to_json()))
    except OSError:
        pass
    finally:
        sock.close()
