"""A board's kernel behind a Unix socket, so that it outlives the processes under test when they are killed.

Each message is four bytes of length and so much JSON, one request and one answer at a time on a connection:

    {"do": "write", "path": "/sys/…", "text": "1"}   ->  {"value": null}
    {"do": "read", "path": "/proc/…"}                ->  {"value": "the bytes, as Latin-1 text"}
    {"do": "names", "path": "/sys/class"}            ->  {"value": ["devfreq", "hwmon"]}
    any of them, refused                             ->  {"errno": 22}

A request is looked at when it is there as a whole: a client that is killed while it sends has written nothing, and one
that is killed later has written all of it.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import struct
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from runtime.boards.sysfs.io import SysfsIO

from .faults import ProcessKilled

_LENGTH = struct.Struct(">I")
MAX_BYTES = 1 << 24  # of one message
ACCEPT_S = 0.2  # how often the listening thread looks whether it should end


class TreeServer:
    """Serves a tree from threads of this process until closed.

    with TreeServer(tree, folder / "kernel.sock"): start processes that open RemoteIO(folder / "kernel.sock")
    """

    def __init__(self, tree: SysfsIO, socket_path: Path) -> None:
        self._tree, self.socket_path = tree, socket_path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(socket_path))
        self._listener.listen(64)
        self._listener.settimeout(ACCEPT_S)
        self._ending = threading.Event()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, name="model kernel", daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """End every connection and remove the socket; twice is as good as once."""
        self._ending.set()
        self._accepting.join()
        self._listener.close()
        with self._lock:
            connections = dict(self._connections)
        for connection, thread in connections.items():
            with suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)
            thread.join()
        self.socket_path.unlink(missing_ok=True)

    def __enter__(self) -> TreeServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(None)
            thread = threading.Thread(target=self._serve, args=(connection,), name="model kernel client", daemon=True)
            with self._lock:
                self._connections[connection] = thread
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while (request := _receive(connection)) is not None:
                _send(connection, self._answer(request))
        except (OSError, ValueError, ProcessKilled):
            pass  # the client is gone or sends nonsense, or was killed on order: its connection ends, nothing else
        finally:
            with self._lock:
                self._connections.pop(connection, None)
            connection.close()

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        path = str(request.get("path"))
        try:
            if request.get("do") == "read":
                return {"value": self._tree.read(path).decode("latin-1")}
            if request.get("do") == "write":
                self._tree.write(path, str(request.get("text")))
                return {"value": None}
            if request.get("do") == "names":
                return {"value": list(self._tree.names(path))}
        except OSError as error:
            return {"errno": error.errno or errno.EIO}
        return {"errno": errno.ENOSYS}


class RemoteIO:
    """SysfsIO over such a server. Safe to use from several threads, not across a fork; it connects at first use."""

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = Path(socket_path)
        self._connection: socket.socket | None = None
        self._lock = threading.Lock()

    def read(self, path: str) -> bytes:
        """What the file holds. Raises OSError as the other side's kernel does, ConnectionError where it is gone."""
        return str(self._ask({"do": "read", "path": path})).encode("latin-1")

    def write(self, path: str, text: str) -> None:
        """One write() of the whole text. Raises as `read` does; it is not repeated, and may have been carried out."""
        self._ask({"do": "write", "path": path, "text": text})

    def names(self, folder: str) -> tuple[str, ...]:
        """What lies in a folder, sorted. Raises as `read` does."""
        return tuple(str(name) for name in self._ask({"do": "names", "path": folder}))

    def close(self) -> None:
        """Let go of the connection; the next use opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, request: dict[str, Any]) -> Any:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = _connected(self.socket_path)
                _send(self._connection, request)
                answer = _receive(self._connection)
            except BaseException:  # also a signal in the middle: the answer to this would be taken for the next one's
                if self._connection is not None:
                    self._connection.close()
                self._connection = None
                raise
            if answer is None:
                self._connection.close()
                self._connection = None
                raise ConnectionResetError(errno.ECONNRESET, "the model's kernel is gone", str(self.socket_path))
        if "errno" in answer:
            raise OSError(answer["errno"], os.strerror(answer["errno"]), request["path"])
        return answer["value"]


def _connected(socket_path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(socket_path))
    except OSError:
        connection.close()
        raise
    return connection


def _send(connection: socket.socket, message: dict[str, Any]) -> None:
    content = json.dumps(message).encode()
    connection.sendall(_LENGTH.pack(len(content)) + content)


def _receive(connection: socket.socket) -> dict[str, Any] | None:
    """The next message; None where the other side ended, in the middle of one or between two.

    Raises ValueError for a message that is too long or no JSON object.
    """
    head = _exactly(connection, _LENGTH.size)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_BYTES:
        raise ValueError(f"a message of {length} bytes")
    content = _exactly(connection, length)
    if content is None:
        return None
    message = json.loads(content)
    if not isinstance(message, dict):
        raise ValueError("a message that is no JSON object")  # noqa: TRY004 (what a stranger sent, not a caller's type)
    return message


def _exactly(connection: socket.socket, count: int) -> bytes | None:
    parts = b""
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            return None
        parts += part
    return parts
