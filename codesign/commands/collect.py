"""Collect telemetry of boards: from folders and sticks, by HTTPS, or from an MQTT broker, into Parquet files.

    codesign collect --store fleet --folder /media/stick --once
    codesign collect --store fleet --listen 0.0.0.0:8443 --cert c.pem --key k.pem --token-file token
    codesign collect --store fleet --mqtt mqtts://broker --worker a --compact 1/2
    codesign collect --store fleet --mqtt mqtts://broker --worker b --compact 2/2

What has arrived is on the disk before it is acknowledged. A compaction, every --every seconds, makes rows of it: each
once, by device, boot and number, whatever was sent twice; Parquet files by class, day and board, for DuckDB or anything
else, `codesign fleet` and `codesign refine`. Several workers share a broker's load, and the devices when they compact.
"""

from __future__ import annotations

import json
import signal
import socket
import ssl
import threading
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.contract.errors import ConfigError
from runtime.contract.token_file import read_password, read_token

if TYPE_CHECKING:
    from codesign.collect.collector import Collector

LOOPBACK = ("127.0.0.1", "::1", "localhost")
LAST_PORT = 65535
START_S = 10.0


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--store", required=True, type=Path, metavar="DIR", help="where the collected set lies")
    sources = parser.add_argument_group("sources")
    sources.add_argument(
        "--folder", action="append", default=[], type=Path, metavar="DIR", help="look for files in it, at any depth"
    )
    sources.add_argument("--remove", action="store_true", help="delete files of folders once they are in the inbox")
    sources.add_argument("--listen", metavar="HOST:PORT", help="receive POST /telemetry there")
    sources.add_argument("--mqtt", metavar="URL", help="subscribe at mqtts://host[:port]")
    security = parser.add_argument_group("security")
    security.add_argument("--token-file", type=Path, metavar="FILE", help="that senders to --listen must bear")
    security.add_argument("--cert", type=Path, metavar="PEM", help="TLS certificate of --listen")
    security.add_argument("--key", type=Path, metavar="PEM", help="its private key")
    security.add_argument("--mqtt-user", metavar="NAME", help="at the broker")
    security.add_argument("--mqtt-password-file", type=Path, metavar="FILE", help="its password")
    security.add_argument("--mqtt-ca", type=Path, metavar="PEM", help="trust these certificates of the broker")
    working = parser.add_argument_group("working")
    working.add_argument("--worker", default="one", metavar="NAME", help="of this process (default: %(default)s)")
    working.add_argument(
        "--group", default="codesign", help="of workers that share a broker's load (default: codesign)"
    )
    working.add_argument("--no-compact", action="store_true", help="only keep what arrives; other workers compact")
    working.add_argument("--compact", default="1/1", metavar="K/N", help="every N-th device, this the K-th (all)")
    working.add_argument("--every", type=float, default=30.0, metavar="S", help="seconds between compactions (30)")
    working.add_argument("--once", action="store_true", help="take what is there, compact, and stop")
    working.add_argument("--json", action="store_true", help="print what was done as JSON lines")


def run(args: Namespace) -> int:
    """Collect until a signal comes, or once."""
    try:
        from codesign.collect.collector import Collector
        from codesign.collect.share import Share
        from codesign.collect.store import Store
    except ModuleNotFoundError as error:
        raise ConfigError(f"collecting needs {error.name}", to_do="pip install 'edge-codesign[collect]'") from error
    if not (args.folder or args.listen or args.mqtt or args.once):
        raise ConfigError("nothing to collect from", to_do="give --folder, --listen or --mqtt; --once only compacts")
    if not args.every > 0:
        raise ConfigError(f"--every must be above 0 seconds, got {args.every}")
    stop = threading.Event()
    with ExitStack() as stack:
        store = stack.enter_context(Store(args.store))
        share = Share.parse(args.compact)
        collector = Collector(store, args.worker, compacts=not args.no_compact, share=share, every_s=args.every)
        stack.callback(collector.close)
        before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
        stack.callback(lambda: [signal.signal(number, handler) for number, handler in before.items()])
        _start_sources(args, collector, stack)
        if args.once:
            for damaged in collector.look(args.folder, remove=args.remove):
                _say(args, "damaged", damaged)
            _tell(args, collector, collector.compact_now())
            return 0
        collector.work(
            stop,
            lambda done: _tell(args, collector, done),
            lambda problem: _say(args, "problem", problem),
            args.folder,
            remove=args.remove,
        )
    return 0


def _start_sources(args: Namespace, collector: Collector, stack: ExitStack) -> None:
    if args.mqtt is not None:
        from codesign.collect.mqtt_source import MqttSource

        password = None if args.mqtt_password_file is None else read_password(args.mqtt_password_file)
        source = MqttSource(
            args.mqtt,
            args.worker,
            collector.segments,
            collector.arrived,
            group=args.group,
            user=args.mqtt_user,
            password=password,
            ca_file=None if args.mqtt_ca is None else str(args.mqtt_ca),
        )
        stack.callback(source.close)
    if args.listen is not None:
        _listen(args, collector, stack)


def _listen(args: Namespace, collector: Collector, stack: ExitStack) -> None:
    from codesign.collect.http_source import INSTALL, PATH, http_app

    try:
        import uvicorn
    except ModuleNotFoundError as error:
        raise ConfigError("receiving by HTTP needs uvicorn", to_do=INSTALL) from error
    host, _, port = args.listen.rpartition(":")
    token = None if args.token_file is None else read_token(args.token_file).decode("ascii")
    if not host or not port.isdecimal() or int(port) > LAST_PORT:
        raise ConfigError(f"--listen {args.listen!r} is no address", to_do="give HOST:PORT, such as 127.0.0.1:8443")
    if host.strip("[]") not in LOOPBACK and (token is None or args.cert is None):
        raise ConfigError(
            f"{host} can be reached from other machines, and anyone there could send rows",
            to_do="give --token-file, --cert and --key, or listen at 127.0.0.1",
        )
    if (args.cert is None) != (args.key is None):
        raise ConfigError("--cert and --key belong together", to_do="give both")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.create_server((host.strip("[]"), int(port)), family=family, reuse_port=False)
    settings: dict[str, Any] = {}
    if args.cert is not None:
        settings = {"ssl_certfile": str(args.cert), "ssl_keyfile": str(args.key)}
    app = http_app(collector.segments, token, collector.arrived)
    try:
        config = uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=10, **settings)
        config.load()
    except (OSError, ssl.SSLError) as error:
        sock.close()
        raise ConfigError(f"the certificate cannot be used: {error}", to_do="check --cert and --key") from error
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[sock]), name="receive", daemon=True)
    thread.start()

    def end() -> None:
        server.should_exit = True
        thread.join(START_S)

    stack.callback(end)
    _say(args, "listening", f"{'https' if settings else 'http'}://{host}:{sock.getsockname()[1]}{PATH}")


def _tell(args: Namespace, collector: Collector, done: Any) -> None:
    state = collector.store.state()
    if args.json:
        print(json.dumps({"round": asdict(done), "payloads": collector.payloads, "store": asdict(state)}), flush=True)
        return
    if not done.segments and not args.once:
        return
    held = ", ".join(f"{rows:,} {name}" for name, rows in state.rows.items()) or "nothing"
    print(
        f"{done.rows:,} rows from {done.segments:,} segments; {done.duplicates:,} had arrived before,"
        f" {done.rejected:,} payloads could not be read. The store holds {held} in {state.files:,} files.",
        flush=True,
    )


def _say(args: Namespace, what: str, text: str) -> None:
    print(json.dumps({what: text}) if args.json else f"{what}: {text}", flush=True)
