"""Who may talk to the server: anyone on this machine, and beyond it only who shows a token or a certificate."""

from __future__ import annotations

import hmac
import ipaddress
import os
import stat
from pathlib import Path
from typing import Any

from runtime.contract.errors import ConfigError

from .app import send_refusal
from .listeners import Tls
from .refusal import Refused

LEAST_TOKEN = 16  # characters
OPEN_PATHS = ("/v2/health/live", "/v2/health/ready")  # for load balancers; they tell nothing else
BEARER = b"bearer "


def check_exposure(host: str, *, token: bytes | None, tls: Tls | None) -> tuple[str, ...]:
    """Refuse to listen beyond this machine without knowing who asks; what to warn of, in sentences.

    Raises:
        ConfigError: an address that is not loopback, with neither a token nor client certificates.
    """
    if is_loopback(host):
        return ()
    if token is None and (tls is None or tls.client_ca is None):
        raise ConfigError(
            f"{host} can be reached from other machines, and anyone there could use this server",
            where="--host",
            to_do="give --token-file, or --cert, --key and --client-ca; or listen at 127.0.0.1 or at a --uds",
        )
    if tls is None:
        return (f"the token and the images cross the network to {host} in the clear: give --cert and --key",)
    return ()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address; a name counts as foreign unless it is `localhost`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_token(path: Path) -> bytes:
    """The token in a file, without surrounding white space.

    Raises:
        ConfigError: unreadable, readable by everyone, too short, or not one line of visible ASCII.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            token = file.read(4096).strip()
    except OSError as error:
        raise ConfigError(
            f"the token cannot be read: {error.strerror}", where=str(path), to_do="check the path and its owner"
        ) from error
    if mode & stat.S_IROTH:
        raise ConfigError("everyone on this machine can read the token", where=str(path), to_do=f"chmod o-r {path}")
    if len(token) < LEAST_TOKEN or not all(33 <= byte <= 126 for byte in token):
        raise ConfigError(
            f"a token is one word of at least {LEAST_TOKEN} visible ASCII characters",
            where=str(path),
            to_do=f"openssl rand -hex 32 > {path}",
        )
    return token


class TokenGuard:
    """An ASGI application that lets only those through who send `Authorization: Bearer TOKEN`."""

    def __init__(self, app: Any, token: bytes) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass on, or answer 401."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS or self._shown(scope["headers"]):
            await self._app(scope, receive, send)
        else:
            await send_refusal(send, Refused(401, "no valid token", to_do="send it as Authorization: Bearer TOKEN"))

    def _shown(self, headers: list[tuple[bytes, bytes]]) -> bool:
        given = next((value for name, value in headers if name == b"authorization"), b"")
        # In constant time, so that a guess does not tell how much of it was right.
        return given[: len(BEARER)].lower() == BEARER and hmac.compare_digest(given[len(BEARER) :], self._token)
