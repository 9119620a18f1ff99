"""One URL to which telemetry is posted: over TLS, with a token, on one connection for as long as that lasts.

Standard library only. Plain HTTP is refused but to this machine itself.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_address import trusting

from .uplink import UplinkFailed

TIMEOUT_S = 30.0
MOST_ANSWER_BYTES = 64 << 10
LOOPBACK = ("localhost", "127.0.0.1", "::1")
AGAIN = "it will be tried again"
HUNG_UP = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)  # RemoteDisconnected is a ConnectionError


class Posted(NamedTuple):
    """What was answered."""

    status: int
    body: bytes  # of a long one the beginning
    retry_after_s: float | None


class Posting:
    """Keeps where to; `post` connects."""

    def __init__(self, url: str, *, token: str | None = None, ca_file: str | None = None, path: str = "/") -> None:
        """Nothing is connected yet.

        Args:
            token: sent as a bearer token.
            ca_file: certificates to trust instead of the system's.
            path: where the URL has none.
        Raises:
            ConfigError: not a URL, plain HTTP to another machine, or certificates that cannot be read.
        """
        parts = urlsplit(url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ConfigError(f"{url!r} is no URL: {error}", to_do="give https://host[:port]/path") from error
        if parts.scheme not in ("http", "https") or not host:
            raise ConfigError(f"{url!r} is no URL to post to", to_do="give https://host[:port]/path")
        if parts.scheme == "http" and host not in LOOPBACK:
            raise ConfigError(f"telemetry is not sent in the clear to {host}", to_do="give an https:// URL")
        self.host, self._port, self._token = host, port, token
        self._path = (parts.path if parts.path not in ("", "/") else path) + (f"?{parts.query}" if parts.query else "")
        self._tls = trusting(ca_file) if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Post it. Raises UplinkFailed where nobody answers; what is answered is the caller's to judge."""
        shown = {} if self._token is None else {"Authorization": f"Bearer {self._token}"}
        was_idle = self._connection is not None
        try:
            try:
                response = self._asked(body, {**headers, **shown})
            except HUNG_UP:  # servers end connections that idle for seconds, and a minute lies between two posts
                self.close()
                if not was_idle:
                    raise
                response = self._asked(body, {**headers, **shown})
            answer = response.read(MOST_ANSWER_BYTES)
            rest = response.read(1)
        except (OSError, UnicodeError, http.client.HTTPException) as error:  # UnicodeError: a host such as a..b
            self.close()
            raise UplinkFailed(f"{self.host} cannot be reached: {error!r}", to_do=AGAIN) from error
        if response.status != http.HTTPStatus.OK or rest:
            self.close()
        return Posted(response.status, answer, _seconds(response.getheader("Retry-After")))

    def refused(self, posted: Posted) -> UplinkFailed:
        """An answer as a failure that is worth another try."""
        return UplinkFailed(
            f"{self.host} answered {posted.status}: {posted.body[:200]!r}", to_do=AGAIN, wait_s=posted.retry_after_s
        )

    def _asked(self, body: bytes, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        connection = self._connected()
        connection.request("POST", self._path, body, dict(headers))
        return connection.getresponse()

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = (
                http.client.HTTPConnection(self.host, self._port, timeout=TIMEOUT_S)
                if self._tls is None
                else http.client.HTTPSConnection(self.host, self._port, timeout=TIMEOUT_S, context=self._tls)
            )
        return self._connection

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _seconds(told: str | None) -> float | None:
    """Of a Retry-After; its other form, a date, is left to the back-off."""
    return float(told) if told is not None and told.isascii() and told.isdigit() else None
