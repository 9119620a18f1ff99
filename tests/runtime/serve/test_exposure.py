"""Who may talk to the server."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from runtime.contract.errors import ConfigError
from runtime.serve.exposure import TokenGuard, check_exposure, is_loopback
from runtime.serve.listeners import Tls
from runtime.serve.served_bundle import ServedBundle

from .certificates import write_certificates
from .conftest import Running

EVERYWHERE = "0.0.0.0"  # noqa: S104 (that is what is tested)
TOKEN = b"0123456789abcdef"
Start = Callable[..., Running]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), (EVERYWHERE, False),
     ("::", False), ("192.168.1.2", False), ("board", False), ("", False)],
)  # fmt: skip
def test_only_addresses_of_this_machine_are_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_loopback_needs_nothing() -> None:
    assert check_exposure("127.0.0.1", token=None, tls=None) == ()


@pytest.mark.parametrize("tls", [None, Tls(Path("c"), Path("k"))])
def test_beyond_this_machine_a_token_or_client_certificates_are_demanded(tls: Tls | None) -> None:
    with pytest.raises(ConfigError, match="anyone there could use this server"):
        check_exposure(EVERYWHERE, token=None, tls=tls)


def test_a_token_in_the_clear_is_warned_of() -> None:
    (warning,) = check_exposure(EVERYWHERE, token=TOKEN, tls=None)
    assert "in the clear" in warning
    assert check_exposure(EVERYWHERE, token=TOKEN, tls=Tls(Path("c"), Path("k"))) == ()
    assert check_exposure(EVERYWHERE, token=None, tls=Tls(Path("c"), Path("k"), Path("ca"))) == ()


def status_of(running: Running, path: str, authorization: str | None = None) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", running.port, timeout=10.0)) as connection:
        connection.request("GET", path, headers={} if authorization is None else {"Authorization": authorization})
        return connection.getresponse().status


def test_without_the_token_only_health_is_told(served: ServedBundle, start_server: Start) -> None:
    running = start_server(served, guard=lambda app: TokenGuard(app, TOKEN))
    assert status_of(running, "/v2/health/ready") == 200
    for path in ("/v2", "/metrics", "/v2/models/edge", "/nowhere"):
        assert status_of(running, path) == 401
    for wrong in ("Bearer ", "Bearer x", f"Basic {TOKEN.decode()}", TOKEN.decode(), f"Bearer {TOKEN.decode()}x"):
        assert status_of(running, "/v2", wrong) == 401
    assert status_of(running, "/v2", f"Bearer {TOKEN.decode()}") == 200
    assert status_of(running, "/v2", f"bearer {TOKEN.decode()}") == 200


def test_with_client_certificates_only_the_authoritys_clients_are_answered(
    served: ServedBundle, start_server: Start, tmp_path: Path
) -> None:
    authority, server, client = write_certificates(tmp_path)
    running = start_server(served, tls=Tls(server.certificate, server.key, authority))
    context = ssl.create_default_context(cafile=str(authority))
    assert not _answered(running.port, context)
    context.load_cert_chain(client.certificate, client.key)
    with closing(http.client.HTTPSConnection("127.0.0.1", running.port, timeout=10.0, context=context)) as known:
        known.request("GET", "/v2")
        assert known.getresponse().status == 200


def _answered(port: int, context: ssl.SSLContext) -> bool:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10.0)) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
                secure.sendall(b"GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n")
                return bool(secure.recv(10))  # TLS 1.3 refuses only now
        except (ssl.SSLError, ConnectionError):
            return False
