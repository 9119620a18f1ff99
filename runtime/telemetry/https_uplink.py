"""Telemetry by HTTP POST, over TLS: a bundle of payloads in the body, acknowledged by status 200.

Sending one again is harmless, since rows are known by their keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from runtime.contract.telemetry_bundle import bundled

from .posting import Posting
from .spool import Spooled

CONTENT_TYPE = "application/vnd.edge-codesign.telemetry"


class HttpsUplink:
    """Posts to one URL. Plain HTTP is refused but to this machine itself."""

    def __init__(self, url: str, *, token: str | None = None, ca_file: str | None = None) -> None:
        """Keep where to; nothing is connected yet. Raises ConfigError as `Posting` does."""
        self._url, self._posting = url, Posting(url, token=token, ca_file=ca_file)

    @property
    def name(self) -> str:
        """The URL."""
        return self._url

    def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:
        """Post them in one request. Raises UplinkFailed on anything but status 200."""
        posted = self._posting.post(bundled([item.content for item in payloads]), {"Content-Type": CONTENT_TYPE})
        if posted.status != HTTPStatus.OK:
            raise self._posting.refused(posted)
        return [item.id for item in payloads]

    def close(self) -> None:
        """Hang up."""
        self._posting.close()
