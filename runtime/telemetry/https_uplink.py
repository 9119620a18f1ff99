"""Telemetry by HTTP POST, over TLS: a bundle of payloads in the body, acknowledged by status 200.

Sending one again is harmless, since rows are known by their keys. Standard library only.
"""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from urllib.parse import urlsplit

from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_address import trusting
from runtime.contract.telemetry_bundle import bundled

from .spool import Spooled
from .uplink import UplinkFailed

TIMEOUT_S = 30.0
CONTENT_TYPE = "application/vnd.edge-codesign.telemetry"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class HttpsUplink:
    """Posts to one URL. Plain HTTP is refused but to this machine itself."""

    def __init__(self, url: str, *, token: str | None = None, ca_file: str | None = None) -> None:
        """Keep where to; nothing is connected yet.

        Args:
            token: sent as a bearer token.
            ca_file: certificates to trust instead of the system's.
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
        self._url, self._host, self._port, self._path = url, host, port, parts.path or "/"
        self._token = token
        self._tls = trusting(ca_file) if parts.scheme == "https" else None
        self._connection: http.client.HTTPConnection | None = None

    @property
    def name(self) -> str:
        """The URL."""
        return self._url

    def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:
        """Post them in one request. Raises UplinkFailed on anything but status 200."""
        headers = {"Content-Type": CONTENT_TYPE}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection = self._connected()
            connection.request("POST", self._path, bundled([item.content for item in payloads]), headers)
            response = connection.getresponse()
            answer = response.read(500)
            response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise UplinkFailed(f"{self._host} cannot be reached: {error!r}", to_do="it will be tried again") from error
        if response.status != 200:
            self.close()
            raise UplinkFailed(
                f"{self._host} answered {response.status}: {answer[:200]!r}", to_do="it will be tried again"
            )
        return [item.id for item in payloads]

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = (
                http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
                if self._tls is None
                else http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=self._tls)
            )
        return self._connection

    def close(self) -> None:
        """Hang up."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
