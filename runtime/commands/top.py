"""Watch a running server: exits, latency, queue, clocks, watts, temperature, memory, as its /metrics tell them.

    edge-runtime top                       the server at http://127.0.0.1:8000
    edge-runtime top --uds /run/edge-runtime/serve.sock
    edge-runtime top --once --json         one look, for programs

Rates and quantiles are of the time between two looks; with --once, since the server started.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runtime.contract.errors import ConfigError
from runtime.contract.token_file import read_token
from runtime.serve.histogram import quantile_of
from runtime.serve.metrics import PREFIX
from runtime.serve.metrics_reading import Samples, read_metrics

from .figure_text import NOT_KNOWN
from .root_argument import add_json

if TYPE_CHECKING:
    from rich.table import Table

TIMEOUT_S = 5.0
BAR = 24  # characters for all images


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime top`."""
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="of the server (default: %(default)s)")
    parser.add_argument("--uds", type=Path, metavar="PATH", help="Unix socket of the server, instead of --url")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="the server's token, where it demands one")
    parser.add_argument(
        "--every", type=float, default=1.0, metavar="S", help="between two looks (default: %(default)s)"
    )
    parser.add_argument("--once", action="store_true", help="look once and end")
    add_json(parser)


def run(args: Namespace) -> int:
    """Look until interrupted."""
    from rich.console import Console
    from rich.live import Live

    token = None if args.token_file is None else read_token(args.token_file)
    now = looked(args.url, args.uds, token)
    if args.json:
        print(json.dumps(view(now, None, 0.0).to_json(), indent=1))
        return 0
    console = Console(highlight=False)
    if args.once:
        console.print(table_of(view(now, None, 0.0)))
        return 0
    with Live(table_of(view(now, None, 0.0)), console=console, auto_refresh=False) as live:
        while True:
            time.sleep(args.every)
            before, now = now, looked(args.url, args.uds, token)
            live.update(table_of(view(now, before, args.every)), refresh=True)


@dataclass(frozen=True, slots=True)
class View:
    """What is shown. None: not known."""

    bundle: Mapping[str, str]
    ready: bool
    answered: float  # requests; per second where `per_s`
    refused: Mapping[str, float]  # by status
    exits: Mapping[str, tuple[float, ...]]  # by mode: images per exit
    p50_s: float | None
    p99_s: float | None
    queue_images: float | None
    clocks_hz: Mapping[str, float] = field(default_factory=dict)
    power_w: float | None = None
    power_scope: str = ""
    temperature_c: float | None = None
    resident_bytes: float | None = None
    per_s: bool = False

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}


def view(now: Samples, before: Samples | None, span_s: float) -> View:
    """What two looks say; of one, everything since the start."""

    def grown(name: str) -> dict[tuple[tuple[str, str], ...], float]:
        then = {} if before is None else before.get(name, {})
        gain = {labels: value - then.get(labels, 0.0) for labels, value in now.get(name, {}).items()}
        return gain if all(value >= 0 for value in gain.values()) else now.get(name, {})  # the server was restarted

    def single(name: str) -> float | None:
        return next(iter(now.get(name, {}).values()), None)

    exits: dict[str, dict[int, float]] = {}
    for labels, count in grown(f"{PREFIX}_images_total").items():
        told = dict(labels)
        exits.setdefault(told["mode"], {})[int(told["exit"])] = count
    buckets: dict[float, float] = {}
    for labels, count in grown(f"{PREFIX}_latency_seconds_bucket").items():
        bound_s = float(dict(labels)["le"])
        buckets[bound_s] = buckets.get(bound_s, 0.0) + count
    cumulated = [int(count) for _, count in sorted(buckets.items())]
    counts = tuple(after - prior for prior, after in zip([0, *cumulated], cumulated, strict=False))
    power = now.get(f"{PREFIX}_power_watts", {})
    scale = 1.0 / span_s if span_s else 1.0
    return View(
        bundle=dict(next(iter(now.get(f"{PREFIX}_bundle_info", {})), ())),
        ready=single(f"{PREFIX}_ready") == 1.0,
        answered=sum(grown(f"{PREFIX}_requests_total").values()) * scale,
        refused={dict(key)["status"]: count for key, count in grown(f"{PREFIX}_refusals_total").items()},
        exits={mode: tuple(by[index] for index in sorted(by)) for mode, by in sorted(exits.items())},
        p50_s=quantile_of(counts, 0.5),
        p99_s=quantile_of(counts, 0.99),
        queue_images=single(f"{PREFIX}_queue_images"),
        clocks_hz={dict(labels)["clock"]: hz for labels, hz in now.get(f"{PREFIX}_clock_hertz", {}).items()},
        power_w=next(iter(power.values()), None),
        power_scope=", ".join(dict(labels).get("scope", "") for labels in power),
        temperature_c=single(f"{PREFIX}_temperature_celsius"),
        resident_bytes=single("process_resident_memory_bytes"),
        per_s=bool(span_s),
    )


def table_of(seen: View) -> Table:
    """For a terminal."""
    from rich.table import Table

    bundle = seen.bundle
    title = f"bundle {bundle.get('bundle_id', '')[:12]}, mode {bundle.get('mode', '')}, for {bundle.get('board', '')}"
    table = Table(title=title, show_header=False)
    refused = ", ".join(f"{status}: {count:.0f}" for status, count in seen.refused.items() if count)
    clocks = " · ".join(f"{name.upper()} {hz / 1e6:.0f}" for name, hz in seen.clocks_hz.items())
    rows = [
        ("state", "ready" if seen.ready else "not ready"),
        ("answered", f"{seen.answered:.1f} requests/s" if seen.per_s else f"{seen.answered:.0f} requests"),
        ("refused", refused or "none"),
        ("latency", f"median ≤ {_ms(seen.p50_s)}, 99 % ≤ {_ms(seen.p99_s)}"),
        ("waiting", _or_unknown(seen.queue_images, "{:.0f} images")),
        ("clocks", f"{clocks} MHz" if clocks else NOT_KNOWN),
        ("power", _or_unknown(seen.power_w, "{:.2f} W") + (f"  ({seen.power_scope})" if seen.power_scope else "")),
        ("temperature", _or_unknown(seen.temperature_c, "{:.1f} °C")),
        ("memory", _or_unknown(None if seen.resident_bytes is None else seen.resident_bytes / 1e6, "{:.0f} MB")),
    ]
    for mode, counts in seen.exits.items():
        total = sum(counts)
        for index, count in enumerate(counts):
            share = count / total if total else 0.0
            rows.append((f"{mode}, exit {index}", f"{share * 100:5.1f} %  {'█' * round(share * BAR)}"))
    for name, value in rows:
        table.add_row(name, value)
    return table


def looked(url: str, uds: Path | None, token: bytes | None) -> Samples:
    """The samples of /metrics. Raises ConfigError where no server answers."""
    parts = urlsplit(url)
    where = str(uds) if uds is not None else url
    headers = {} if token is None else {"Authorization": f"Bearer {token.decode()}"}
    connection: http.client.HTTPConnection
    try:
        if uds is not None:
            connection = _UnixConnection(uds)
        elif parts.scheme == "https":
            connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        else:
            connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", "/metrics", headers=headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise ConfigError(
            f"no server answers: {error}", where=where, to_do="start it: edge-runtime serve; or give --url or --uds"
        ) from error
    if response.status != 200:
        raise ConfigError(f"the server answers {response.status}", where=where, to_do="give --token-file, or its --url")
    return read_metrics(text)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_S)
        self.sock.connect(str(self._path))


def _ms(value_s: float | None) -> str:
    return NOT_KNOWN if value_s is None else f"{value_s * 1e3:g} ms"


def _or_unknown(value: float | None, form: str) -> str:
    return NOT_KNOWN if value is None else form.format(value)


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value
