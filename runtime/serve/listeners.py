"""The sockets to listen at, and the ASGI servers behind them, in a thread of their own."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.contract.errors import ConfigError

from .idle_connections import IdleConnections
from .limits import Limits

if TYPE_CHECKING:
    from uvicorn import Server

BACKLOG = 128
START_S = 10.0
STEP_S = 0.1
AFTER_DRAIN_S = 2  # in which refusals of what could not be answered still go out
UDS_MODE = 0o660
HEADER_BYTES = 16 * 1024
KEEP_ALIVE_S = 75


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificate of the server, and the authority whose certificates clients must show."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """One socket and what is served there."""

    sock: socket.socket
    app: Any  # ASGI
    tls: Tls | None = None
    trusted: bool = False  # only this machine's processes come here: httptools is faster, but only h11 limits headers


def listen_tcp(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigError where the address is not to be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _not_to_be_had(f"{host}:{port}", error) from error
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _not_to_be_had(f"{host}:{port}", error) from error
    return sock


def listen_unix(path: Path) -> socket.socket:
    """A listening Unix socket that the owner and its group may use. Raises ConfigError."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():
            _check_deserted(path)
            path.unlink()  # of a server that was killed
        sock.bind(str(path))
        path.chmod(UDS_MODE)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _not_to_be_had(str(path), error) from error
    return sock


class AsgiServers:
    """Uvicorn on some sockets. Uvicorn itself stays away from signals, since it runs beside the main thread."""

    def __init__(self, listeners: Sequence[Listener], limits: Limits) -> None:
        self._listeners, self._limits = listeners, limits
        self._servers: list[Server] = []
        self._started = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unheard = False
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def responds(self) -> bool:
        """Whether the thread that talks to clients has come by since this was last asked, or was never asked before."""
        if self._loop is None or self._unheard:
            return self._loop is None
        self._unheard = True
        with suppress(RuntimeError):  # it has ended
            self._loop.call_soon_threadsafe(self._hear)
        return True

    def _hear(self) -> None:
        self._unheard = False

    def start(self) -> None:
        """Serve from now on. Raises ConfigError where a certificate or key cannot be used."""
        self._thread.start()
        self._started.wait(START_S)
        if self._failure is not None:
            raise ConfigError(
                f"the server did not start: {self._failure}",
                where="--cert, --key, --client-ca",
                to_do="check that the files are PEM and belong together",
            ) from self._failure

    def stop(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Accept nothing more, answer what is here within the limit's time, and end.

        Args:
            meanwhile: called again and again until then.
        """
        for server in self._servers:
            server.should_exit = True
        until_s = time.monotonic() + self._limits.drain_s + START_S
        while self._thread.is_alive() and time.monotonic() < until_s:
            meanwhile()
            self._thread.join(STEP_S)

    def _run(self) -> None:
        try:
            self._run_loop()
        except (OSError, ValueError) as error:  # ssl's errors are OSErrors
            self._failure = error
        finally:
            for listener in self._listeners:
                listener.sock.close()
            self._started.set()

    def _run_loop(self) -> None:
        run = import_module("uvloop").run if _installed("uvloop") else asyncio.run  # a third less time per request
        run(self._serve())

    async def _serve(self) -> None:
        import uvicorn

        self._loop = asyncio.get_running_loop()
        for listener in self._listeners:
            config = uvicorn.Config(
                listener.app,
                loop="none",
                http="httptools" if listener.trusted and _installed("httptools") else "h11",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",  # else a line for every request that is no HTTP: whoever sends such fills the disk
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=self._limits.connections,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=round(self._limits.drain_s) + AFTER_DRAIN_S,
                h11_max_incomplete_event_size=HEADER_BYTES,
                **_tls_options(listener.tls),
            )
            config.load()
            self._servers.append(uvicorn.Server(config))
        tasks = [
            asyncio.create_task(server.serve(sockets=[listener.sock]))
            for server, listener in zip(self._servers, self._listeners, strict=True)
        ]
        while not all(server.started for server in self._servers) and not any(task.done() for task in tasks):
            await asyncio.sleep(0.005)
        self._started.set()
        idle = IdleConnections(self._limits.body_s, KEEP_ALIVE_S + self._limits.body_s)
        looking = asyncio.create_task(
            idle.keep_looking(lambda: [each for server in self._servers for each in server.server_state.connections])
        )
        try:
            await asyncio.gather(*tasks)
        finally:
            looking.cancel()


def _installed(module: str) -> bool:
    return find_spec(module) is not None


def _tls_options(tls: Tls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    import ssl

    options: dict[str, Any] = {"ssl_certfile": os.fspath(tls.certificate), "ssl_keyfile": os.fspath(tls.key)}
    if tls.client_ca is not None:
        options |= {"ssl_ca_certs": os.fspath(tls.client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return options


def _check_deserted(path: Path) -> None:
    """Raises OSError where another process listens at that socket."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(str(path))
    except OSError:
        return
    finally:
        probe.close()
    raise OSError("another process listens there")


def _not_to_be_had(where: str, error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot listen there: {error.strerror or error}", where=where, to_do="give another address, port or path"
    )
