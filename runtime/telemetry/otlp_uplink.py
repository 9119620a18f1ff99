"""Minutes of telemetry to an OpenTelemetry collector: OTLP over HTTP, beside whatever else is sent.

At least once: a request whose answer is lost is sent again, the same points at the same times. As OTLP demands, 429,
502, 503 and 504 are tried again, after Retry-After where it is given, and what the other side calls invalid (400, 413,
422) or takes in part (`partialSuccess`) is not: that is counted and passed over. Otherwise than OTLP demands, 401, 403,
404 and what else is refused waits, too: the rows are as good when somebody has mended the token or the path.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from runtime.contract.errors import DataError
from runtime.contract.telemetry_batch import AGGREGATE, TelemetryBatch, decode

from .otlp_metrics import export_request
from .posting import Posting
from .spool import Spooled

PATH = "/v1/metrics"
HEADERS = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
INVALID = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY)


class OtlpUplink:
    """Posts to `https://host:4318/v1/metrics`; the path may be left out."""

    def __init__(self, url: str, version: str, *, token: str | None = None, ca_file: str | None = None) -> None:
        """Keep where to; nothing is connected yet. Raises ConfigError as `Posting` does.

        Args:
            version: of this program, which is told.
        """
        self._url, self._version = url, version
        self._posting = Posting(url, token=token, ca_file=ca_file, path=PATH)
        self.refused_points = 0  # data points, and rows of requests that were called invalid

    @property
    def name(self) -> str:
        """The URL."""
        return self._url

    def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:
        """Post those that are minutes in one request; the ids of all. Raises UplinkFailed where it is worth a retry."""
        batches = [batch for item in payloads if (batch := _decoded(item)) is not None]
        if batches:
            body = gzip.compress(export_request(batches, self._version), compresslevel=4)
            posted = self._posting.post(body, HEADERS)
            if posted.status in INVALID:
                self.refused_points += sum(len(batch) for batch in batches)
            elif posted.status != HTTPStatus.OK:
                raise self._posting.refused(posted)
            else:
                self.refused_points += _rejected(posted.body)
        return [item.id for item in payloads]

    def close(self) -> None:
        """Hang up."""
        self._posting.close()


def _decoded(item: Spooled) -> TelemetryBatch | None:
    """None where there is nothing to tell of it, and where it is damaged: to send it later would not mend it."""
    if item.row_class != AGGREGATE:
        return None
    try:
        return decode(item.content)
    except DataError:
        return None


def _rejected(body: bytes) -> int:
    """Data points that an ExportMetricsServiceResponse says it did not take."""
    try:
        answer: Any = json.loads(body or b"{}")
        return int(answer.get("partialSuccess", {}).get("rejectedDataPoints", 0))
    except (ValueError, AttributeError, TypeError):
        return 0  # it has said 200, whatever else it says
