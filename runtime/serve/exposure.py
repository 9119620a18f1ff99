"""Who may talk to the server: anyone on this machine, and beyond it only who shows a token or a certificate."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Any

from runtime.contract.errors import ConfigError

from .app import send_refusal
from .listeners import Tls
from .refusal import Refused

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
