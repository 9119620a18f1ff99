"""A powerd on a thread of the test, on a socket in the test's folder."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from runtime.boards.clocks import Clocks
from runtime.powerd.allow_list import Allowed
from runtime.powerd.daemon import Machine, Places, powerd
from runtime.powerd.peer import AccessRule, Peer
from runtime.powerd.protocol import encoded
from runtime.powerd.server import Server
from tests.runtime.powerd.clock_doubles import MIDDLE, SLOW


class Fixed:
    """An allow-list that stays as it is."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed

    def now(self) -> Allowed:
        return self.allowed


BUNDLE = Fixed(Allowed((SLOW, MIDDLE), "bundle abc"))


class _Nobody(AccessRule):
    def admits(self, peer: Peer) -> bool:
        return peer.pid < 0


NOBODY = _Nobody(own_uid=0)


class Running:
    """Its socket, its server, what it reported, and what `serve` returned."""

    def __init__(self, path: Path, server: Server) -> None:
        self.path, self.server = path, server
        self.said: list[str] = []
        self.restored: bool | None = None


@contextmanager
def running(
    clocks: Clocks | None,
    folder: Path,
    allow_list: Fixed = BUNDLE,
    access: AccessRule | None = None,
    **more: Any,
) -> Iterator[Running]:
    """Serve in the background; stopped at the end."""
    machine = Machine(clocks, "" if clocks is not None else "needs root", "this boot")
    places = Places(folder / "powerd.sock", folder / "state.json")
    said: list[str] = []
    rule = AccessRule(os.geteuid()) if access is None else access
    with powerd(machine, places, allow_list, rule, report=said.append, **more) as server:
        it = Running(places.socket, server)
        it.said = said

        def serve() -> None:
            it.restored = server.serve()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield it
        finally:
            server.stop()
            thread.join(10.0)
            assert not thread.is_alive()


def in_background(clocks: Clocks, folder: Path, allow_list: Fixed) -> tuple[Path, Callable[[], None]]:
    """The same without a block: the socket, and what stops it."""
    stack = ExitStack()
    return stack.enter_context(running(clocks, folder, allow_list)).path, stack.close


class Raw:
    """A client that sends whatever it likes."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(path))
        self.sock.settimeout(10.0)
        self.lines = self.sock.makefile("rb")

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.lines.close()
        self.sock.close()

    def send(self, content: bytes) -> None:
        self.sock.sendall(content)

    def reply(self) -> dict[str, Any]:
        """The next line; empty at the end."""
        try:
            line = self.lines.readline()
        except ConnectionResetError:  # powerd closed while something was still unread
            line = b""
        return dict(json.loads(line)) if line else {}

    def ask(self, op: str, **rest: Any) -> dict[str, Any]:
        self.send(encoded({"op": op, **rest}))
        return self.reply()
