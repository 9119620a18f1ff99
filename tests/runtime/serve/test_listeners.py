"""Sockets and the servers behind them."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from runtime.contract.errors import ConfigError
from runtime.serve.limits import Limits
from runtime.serve.listeners import AsgiServers, Listener, Tls, listen_tcp, listen_unix


async def hello(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
def both(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    tcp, path = listen_tcp("127.0.0.1", 0), tmp_path / "serve.sock"
    port = tcp.getsockname()[1]
    servers = AsgiServers([Listener(tcp, hello), Listener(listen_unix(path), hello)], Limits(drain_s=1.0))
    servers.start()
    assert servers.alive
    yield port, path
    servers.stop()
    assert not servers.alive


def get(sock: socket.socket) -> bytes:
    with closing(sock):
        sock.settimeout(5.0)
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return b"".join(iter(lambda: sock.recv(4096), b""))


def test_one_server_answers_at_a_port_and_at_a_unix_socket(both: tuple[int, Path]) -> None:
    port, path = both
    local = socket.socket(socket.AF_UNIX)
    local.connect(str(path))
    for sock in (socket.create_connection(("127.0.0.1", port)), local):
        assert get(sock).endswith(b"hello")


def test_only_owner_and_group_may_use_the_unix_socket(both: tuple[int, Path]) -> None:
    assert both[1].stat().st_mode & 0o777 == 0o660


def test_a_unix_socket_that_someone_uses_is_not_taken(both: tuple[int, Path]) -> None:
    with pytest.raises(ConfigError, match="another process listens there"):
        listen_unix(both[1])


def test_a_unix_socket_left_by_a_killed_server_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "serve.sock"
    listen_unix(path).close()
    assert path.exists()
    listen_unix(path).close()


def test_a_port_in_use_is_refused() -> None:
    with closing(listen_tcp("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(ConfigError, match="cannot listen there: Address already in use"):
            listen_tcp("127.0.0.1", port)


def test_a_certificate_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("no certificate")
    tls = Tls(tmp_path / "x.pem", tmp_path / "x.pem")
    servers = AsgiServers([Listener(listen_tcp("127.0.0.1", 0), hello, tls)], Limits())
    with pytest.raises(ConfigError, match="the server did not start"):
        servers.start()


def test_headers_beyond_measure_are_refused(both: tuple[int, Path]) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", both[0], timeout=5.0)) as connection:
        connection.request("GET", "/", headers={"x": "y" * 400_000})
        assert connection.getresponse().status in (400, 431)


def test_a_client_that_never_ends_its_headers_is_hung_up_on() -> None:
    sock = listen_tcp("127.0.0.1", 0)
    port = sock.getsockname()[1]
    servers = AsgiServers([Listener(sock, hello)], Limits(drain_s=1.0, body_s=0.1))
    servers.start()
    try:
        with closing(socket.create_connection(("127.0.0.1", port), timeout=5.0)) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            with suppress(ConnectionResetError):
                assert slow.recv(10) == b""
    finally:
        servers.stop()


def test_bytes_that_are_no_request_are_not_logged_one_by_one(
    both: tuple[int, Path], caplog: pytest.LogCaptureFixture
) -> None:
    with closing(socket.create_connection(("127.0.0.1", both[0]), timeout=5.0)) as sock:
        sock.sendall(b"\0\0\0 nonsense\r\n\r\n")
        assert sock.recv(100).startswith(b"HTTP/1.1 400 ")
    assert caplog.records == []


def test_while_it_stops_others_may_see_to_what_it_waits_for() -> None:
    sock, answer, asked = listen_tcp("127.0.0.1", 0), threading.Event(), threading.Event()
    port = sock.getsockname()[1]

    async def once_allowed(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        while not answer.is_set():
            await asyncio.sleep(0.01)
        await hello(scope, receive, send)

    servers = AsgiServers([Listener(sock, once_allowed)], Limits(drain_s=5.0))
    servers.start()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)) as connection:
        connection.request("GET", "/")
        assert asked.wait(5.0)
        servers.stop(answer.set)
        assert connection.getresponse().read() == b"hello"
    assert not servers.alive


def test_a_thread_that_hangs_is_told_from_one_that_is_well() -> None:
    sock, free, held = listen_tcp("127.0.0.1", 0), threading.Event(), threading.Event()
    port = sock.getsockname()[1]

    async def blocking(scope: Any, receive: Any, send: Any) -> None:
        held.set()
        free.wait(5.0)  # as no application should
        await hello(scope, receive, send)

    servers = AsgiServers([Listener(sock, blocking)], Limits(drain_s=1.0))
    assert servers.responds()  # not started: nothing is wrong yet
    servers.start()
    assert [later(servers.responds) for _ in range(3)] == [True] * 3
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)) as connection:
        connection.request("GET", "/")
        assert held.wait(5.0)
        assert servers.responds()  # of the time before
        assert [later(servers.responds) for _ in range(3)] == [False] * 3
        free.set()
        assert connection.getresponse().read() == b"hello"
    assert later(servers.responds)
    servers.stop()


def later(ask: Callable[[], bool]) -> bool:
    """Ask, a moment after the last time."""
    threading.Event().wait(0.05)
    return ask()
