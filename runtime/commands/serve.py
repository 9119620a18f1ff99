"""Serve the installed bundle: the Open Inference Protocol over HTTP, with a queue, early exits and /metrics.

Stock clients work, for example tritonclient[http]; the input is `image`, uint8 (batch, height, width, 3), the outputs
are logits, probabilities, class, exit_index and entropy_nats:

    edge-runtime serve --root /var/lib/edge-runtime

    import tritonclient.http as http
    client = http.InferenceServerClient("127.0.0.1:8000")
    image = http.InferInput("image", pixels.shape, "UINT8")
    image.set_data_from_numpy(pixels)
    client.infer("edge", [image], parameters={"mode": "frugal", "deadline_ms": 50}).as_numpy("class")

Parameters of the answer tell mode, latency_s, queue_s, exit_index, entropy_nats and energy_j, this with its kind and
scope: metered on this machine, or else what the bundle promises. A request's own mode chooses its network and its
thresholds; the clocks are those of the mode in use (--mode, or --govern), held through --powerd. A full queue is
answered with 429 and Retry-After, a request whose deadline has passed with 504; nothing was run for either.

When `edge-runtime install` makes another bundle current, it is loaded and checked beside the one served and takes over
between two requests; where its golden samples or its first minute fail, the bundle before serves again and the install
is rolled back. Beyond this machine (--host) a token or client certificates are demanded.

What was served is recorded under ROOT/telemetry for `edge-runtime telemetry` and --uplink: exits, times, joules, clocks
and heat, and no image unless --sample-hard-images is given. Where images do not leave as the bundle expects, a mode's
thresholds are lowered until they do again, and answers have a parameter `cautious`.

Exit status: 0 stopped by a signal, everything answered; 1 some was not; 2 where it could not start.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.boards.hardware import THIS_MACHINE, Hardware, open_hardware
from runtime.contract.errors import ConfigError
from runtime.energy.meters import best_meter
from runtime.engine.provider import CPU
from runtime.powerd.client import PowerdClient
from runtime.powerd.notify import Notifier, ping_period_s
from runtime.serve.app import application
from runtime.serve.clock_keeper import ClockKeeper
from runtime.serve.daemon import Daemon, Surroundings
from runtime.serve.exposure import TokenGuard, check_exposure, is_loopback, read_token
from runtime.serve.gauges import Gauges, gauges_of
from runtime.serve.governing import fixed, governed
from runtime.serve.hot_swap import HotSwap, SwapRules
from runtime.serve.limits import Limits
from runtime.serve.listeners import AsgiServers, Listener, Tls, listen_tcp, listen_unix
from runtime.serve.metered_energy import MeteredEnergy
from runtime.serve.metrics import Seen, metrics_text
from runtime.serve.served_bundle import load
from runtime.serve.serving import Batching, Serving

from .hardware_argument import add_hardware
from .provider_argument import add_provider, provider_of, providers_text
from .root_argument import add_json, add_root
from .serve_sources import start_sources
from .serve_telemetry import Machine, add_telemetry, start_telemetry

if TYPE_CHECKING:
    from runtime.governor.signals import Signals

Report = Callable[[str], None]
NOT_ALL_ANSWERED = 1
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
MIB = 1024 * 1024
SWITCH_S = 1e-5  # how long an inference thread may wait for Python's lock each time it comes back from a stage


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime serve`."""
    add_root(parser)
    add_json(parser)
    default = Limits()
    ways = parser.add_argument_group("where")
    ways.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
    ways.add_argument("--port", type=int, default=8000, help="TCP port; 0: any that is free (default: %(default)s)")
    ways.add_argument("--no-tcp", action="store_true", help="listen at --uds only")
    ways.add_argument("--uds", type=Path, metavar="PATH", help="listen at this Unix socket, too")
    ways.add_argument("--watch", type=Path, metavar="FOLDER", help="answer PNG and JPEG files that appear there")
    ways.add_argument("--camera", type=int, metavar="N", help="answer what camera N films (OpenCV)")
    ways.add_argument("--name", default="edge", help="the model's name for clients (default: %(default)s)")
    how = parser.add_argument_group("how")
    how.add_argument("--mode", help="of requests that name none (default: the bundle's default mode)")
    how.add_argument("--inference-threads", type=int, default=1, metavar="N", help="(default: %(default)s)")
    how.add_argument("--threads", type=int, default=1, help="CPU threads within a stage (default: %(default)s)")
    add_provider(how)
    how.add_argument("--batch", type=int, default=1, metavar="N", help="images that may share a batch (default: 1)")
    how.add_argument("--gather-ms", type=float, default=0.0, metavar="MS", help="how long a batch waits to fill up")
    how.add_argument("--queue", type=int, default=default.queue_images, metavar="N", help="images that may wait")
    how.add_argument(
        "--deadline-ms",
        type=float,
        default=default.deadline_s * 1e3,
        help="of requests that name none; --govern plans for it (default: %(default)s)",
    )
    how.add_argument("--max-body-mib", type=float, default=default.body_bytes / MIB, help="(default: %(default)s)")
    how.add_argument("--trial-s", type=float, default=60.0, help="of a bundle that takes over (default: %(default)s)")
    how.add_argument("--govern", action="store_true", help="choose mode and clocks by load, heat and deadline")
    how.add_argument("--record-signals", type=Path, metavar="FILE", help="for `edge-runtime govern --trace FILE`")
    how.add_argument("--powerd", type=Path, metavar="SOCKET", help="hold the mode's clocks through this powerd")
    add_hardware(parser)
    add_telemetry(parser)
    who = parser.add_argument_group("who")
    who.add_argument("--token-file", type=Path, metavar="FILE", help="demand this token of TCP clients")
    who.add_argument("--cert", type=Path, metavar="PEM", help="TLS certificate")
    who.add_argument("--key", type=Path, metavar="PEM", help="its private key")
    who.add_argument("--client-ca", type=Path, metavar="PEM", help="demand certificates of this authority (mTLS)")


def run(args: Namespace) -> int:
    """Serve until a signal comes."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in STOPS}
    try:
        with ExitStack() as stack:
            daemon = prepared(args, stack, stop)
            status = 0 if daemon.run() else NOT_ALL_ANSWERED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if daemon.hangs:
        leave(status)
    return status


def leave(status: int) -> None:
    """End the process here: Python's own end would abort it while a thread hangs in ONNX Runtime."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def prepared(args: Namespace, stack: ExitStack, stop: threading.Event) -> Daemon:
    """Everything that serves, started; what is to be closed at the end is in `stack`.

    Raises:
        ConfigError: options that do not fit, an address or file that is not to be had, or an extra that is missing.
        BundleError, EngineError: the bundle cannot be served.
    """
    if find_spec("starlette") is None or find_spec("uvicorn") is None:
        raise ConfigError("serving needs Starlette and uvicorn", to_do="pip install 'edge-codesign[serve]'")
    report = reporter(as_json=args.json)
    sys.setswitchinterval(SWITCH_S)
    tls, token = _tls(args), None if args.token_file is None else read_token(args.token_file)
    if not args.no_tcp:
        for warning in check_exposure(args.host, token=token, tls=tls):
            report(f"warning: {warning}")
    elif args.uds is None:
        raise ConfigError("--no-tcp leaves nothing to listen at", to_do="give --uds")
    limits = limits_of(args)
    provider = provider_of(args.provider, args.root)
    bundle = load(args.root, limits, threads=args.threads, provider=provider)
    if args.provider != CPU:
        report(f"stages run on {providers_text(bundle.providers)} (asked for: {args.provider})")
    if args.mode is not None and args.mode not in bundle.modes:
        raise ConfigError(f"the bundle has no mode {args.mode!r}", to_do=f"use one of {', '.join(bundle.modes)}")
    batching = Batching(args.inference_threads, args.batch, args.gather_ms / 1e3)
    serving = Serving(bundle, limits=limits, batching=batching, mode=args.mode)
    stack.callback(serving.drain, 0.0)  # where the start fails; else it has been drained by then
    hardware = open_hardware(args.hardware)
    here = args.hardware == THIS_MACHINE  # a model or a recording does not feel what runs on this machine
    gauges = gauges_of(hardware) if here else Gauges()
    serving.energy = energy = _energy(hardware if here else None, serving, stack, report)
    clocks = _clocks(args, report)
    rules = SwapRules(trial_s=args.trial_s, threads=args.threads, provider=provider)
    swap = HotSwap(args.root, serving, rules, report=report)
    machine = Machine(hardware if here else None, clocks, gauges, energy)
    telemetry = start_telemetry(args, serving, swap, machine, stack, report)
    seen = Seen(swap, energy, gauges, lambda: None if clocks is None else clocks.held, telemetry)
    app = application(serving, name=args.name, metrics=partial(metrics_text, serving, seen))
    servers = AsgiServers(_listeners(args, app, token, tls, stack, report), limits)
    daemon = Daemon(
        serving,
        servers,
        governed(args.mode, hardware.profile, limits.deadline_s) if args.govern else fixed(args.mode),
        Surroundings(swap, clocks, gauges, _trace(args, stack)),
        stop,
        report=report,
        notifier=Notifier(os.environ.get("NOTIFY_SOCKET")),
        ping_s=ping_period_s(os.environ.get("WATCHDOG_USEC")),
    )
    start_sources(args, serving, stop, report)
    servers.start()
    report(f"ready: bundle {bundle.bundle_id[:12]}, mode {serving.mode}, model {args.name!r}")
    return daemon


def limits_of(args: Namespace) -> Limits:
    """The limits that the options ask for. Raises ConfigError."""
    for option, number in (("--batch", args.batch), ("--inference-threads", args.inference_threads)):
        if number < 1:
            raise ConfigError(f"{option} {number} answers nothing", to_do="give 1 or more")
    return Limits(
        queue_images=args.queue,
        request_images=max(args.queue, args.batch),
        body_bytes=int(args.max_body_mib * MIB),
        deadline_s=args.deadline_ms / 1e3,
    )


def reporter(*, as_json: bool) -> Report:
    """Lines about the server go to stderr: stdout is for answers."""

    def report(text: str) -> None:
        line = json.dumps({"serve": text}) if as_json else f"serve: {text}"
        print(line, file=sys.stderr, flush=True)

    return report


def _tls(args: Namespace) -> Tls | None:
    if args.cert is None and args.key is None and args.client_ca is None:
        return None
    if args.cert is None or args.key is None:
        raise ConfigError("TLS needs a certificate and its key", to_do="give both --cert and --key")
    return Tls(args.cert, args.key, args.client_ca)


def _listeners(
    args: Namespace, app: Any, token: bytes | None, tls: Tls | None, stack: ExitStack, report: Report
) -> list[Listener]:
    listeners = []
    if not args.no_tcp:
        sock = stack.enter_context(listen_tcp(args.host, args.port))
        listeners.append(Listener(sock, app if token is None else TokenGuard(app, token), tls, is_loopback(args.host)))
        report(f"listening at {'http' if tls is None else 'https'}://{args.host}:{sock.getsockname()[1]}")
    if args.uds is not None:
        listeners.append(
            Listener(stack.enter_context(listen_unix(args.uds)), app, trusted=True)
        )  # who may open the file is trusted
        stack.callback(args.uds.unlink, missing_ok=True)
        report(f"listening at {args.uds}")
    return listeners


def _energy(hardware: Hardware | None, serving: Serving, stack: ExitStack, report: Report) -> MeteredEnergy | None:
    """The best meter of the machine, at work; None where it has none."""
    meter = None if hardware is None else best_meter(hardware)
    if meter is None:
        report("no energy meter: answers tell what the bundle promises, marked as such")
        return None
    stack.enter_context(meter)
    energy = MeteredEnergy(meter, serving.recorder.busy_s)
    energy.start()
    stack.callback(energy.stop)
    report(f"energy is metered: {meter.scope}")
    return energy


def _trace(args: Namespace, stack: ExitStack) -> Callable[[Signals], None] | None:
    if args.record_signals is None:
        return None
    file = stack.enter_context(args.record_signals.open("w", encoding="utf-8", buffering=1))
    return lambda signals: print(json.dumps(signals.to_json(), allow_nan=False), file=file)


def _clocks(args: Namespace, report: Report) -> ClockKeeper | None:
    if args.powerd is None:
        report("clocks are left as they are: give --powerd to hold those that the mode was compiled for")
        return None
    return ClockKeeper(PowerdClient(args.powerd), report=report)
