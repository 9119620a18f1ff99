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

What was served is recorded under ROOT/telemetry for `edge-runtime telemetry`, --uplink and --otlp: exits, times,
joules, clocks and heat, and no image unless --sample-hard-images is given. Where images do not leave as the bundle
expects, a mode's thresholds are lowered until they do again, and answers have a parameter `cautious`.

An inference that takes longer than --stage-s is answered with 504, and its thread replaced. With three threads that
never came back, or where the one that talks to clients hangs, the server answers what it can and ends, for its
supervisor to start another.

Exit status: 0 stopped by a signal, everything answered; 1 some was not, or it ended by itself; 2 it could not start.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TextIO

from runtime.boards.hardware import THIS_MACHINE, Hardware, open_hardware
from runtime.contract.errors import ConfigError
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.token_file import read_token
from runtime.energy.meters import best_meter
from runtime.engine.provider import CPU
from runtime.powerd.client import PowerdClient
from runtime.powerd.notify import Notifier, ping_period_s
from runtime.serve.app import application
from runtime.serve.clock_keeper import ClockKeeper
from runtime.serve.daemon import Daemon, Surroundings
from runtime.serve.exposure import TokenGuard, check_exposure, is_loopback
from runtime.serve.gauges import Gauges, gauges_of
from runtime.serve.governing import fixed, governed
from runtime.serve.hot_swap import HotSwap, SwapRules
from runtime.serve.listeners import AsgiServers, Listener, Tls, listen_tcp, listen_unix
from runtime.serve.metered_energy import MeteredEnergy
from runtime.serve.metrics import Seen, metrics_text
from runtime.serve.served_bundle import Budget, load
from runtime.serve.serving import Batching, Serving

from .provider_argument import provider_of, providers_text
from .serve_options import add_options, budget_of, limits_of
from .serve_sources import start_sources
from .serve_telemetry import Machine, start_telemetry

if TYPE_CHECKING:
    from runtime.governor.signals import Signals

Report = Callable[[str], None]
NOT_ALL_ANSWERED = 1
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SWITCH_S = 1e-5  # how long an inference thread may wait for Python's lock each time it comes back from a stage


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime serve`."""
    add_options(parser)


def run(args: Namespace) -> int:
    """Serve until a signal comes."""
    return run_on(args, open_hardware)


def run_on(args: Namespace, opened: Callable[[str], Hardware]) -> int:
    """The same on the hardware that `opened` finds for `--hardware`."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in STOPS}
    try:
        with ExitStack() as stack:
            daemon = prepared(args, stack, stop, opened)
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


def prepared(
    args: Namespace, stack: ExitStack, stop: threading.Event, opened: Callable[[str], Hardware] = open_hardware
) -> Daemon:
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
    provider = provider_of(args.provider, args.root, report)
    budget_bytes = budget_of(args)
    budget = None if budget_bytes is None else Budget(budget_bytes, args.mode, report)
    bundle = load(args.root, limits, threads=args.threads, provider=provider, budget=budget)
    if args.provider != CPU:
        report(f"stages run on {providers_text(bundle.providers)} (asked for: {args.provider})")
        for sentence in bundle.fall_backs:
            report(sentence)
    if args.mode is not None and args.mode not in bundle.modes:
        raise ConfigError(f"the bundle has no mode {args.mode!r}", to_do=f"use one of {', '.join(bundle.modes)}")
    batching = Batching(args.inference_threads, args.batch, args.gather_ms / 1e3)
    serving = Serving(bundle, limits=limits, batching=batching, mode=args.mode)
    stack.callback(serving.drain, 0.0)  # where the start fails; else it has been drained by then
    hardware = opened(args.hardware)
    here = args.hardware == THIS_MACHINE  # a model or a recording does not feel what runs on this machine
    gauges = gauges_of(hardware) if here else Gauges()
    clocks = _clocks(args, report)
    held = partial(_held, clocks)
    serving.energy = energy = _energy(hardware if here else None, serving, held, stack, report)
    rules = SwapRules(trial_s=args.trial_s, threads=args.threads, provider=provider, budget_bytes=budget_bytes)
    swap = HotSwap(args.root, serving, rules, report=report)
    machine = Machine(hardware if here else None, clocks, gauges, energy)
    telemetry = start_telemetry(args, serving, swap, machine, stack, report)
    seen = Seen(swap, energy, gauges, held, telemetry)
    app = application(serving, name=args.name, metrics=partial(metrics_text, serving, seen))
    servers = AsgiServers(_listeners(args, app, token, tls, stack, report), limits)
    daemon = Daemon(
        serving,
        servers,
        governed(args.mode, hardware.profile, None if args.deadline_ms is None else limits.deadline_s)
        if args.govern
        else fixed(args.mode),
        Surroundings(swap, clocks, gauges, _trace(args, stack, report)),
        stop,
        report=report,
        notifier=Notifier(os.environ.get("NOTIFY_SOCKET")),
        ping_s=ping_period_s(os.environ.get("WATCHDOG_USEC")),
    )
    start_sources(args, serving, stop, report)
    servers.start()
    report(f"ready: bundle {bundle.bundle_id[:12]}, mode {serving.mode}, model {args.name!r}")
    return daemon


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


def _energy(
    hardware: Hardware | None,
    serving: Serving,
    held: Callable[[], OperatingPoint | None],
    stack: ExitStack,
    report: Report,
) -> MeteredEnergy | None:
    """The best meter of the machine, at work; None where it has none."""
    meter = None if hardware is None else best_meter(hardware)
    if meter is None:
        report("no energy meter: answers tell what the bundle promises, marked as such")
        return None
    stack.enter_context(meter)
    energy = MeteredEnergy(meter, serving.recorder.busy_s, clocks=held)
    energy.start()
    stack.callback(energy.stop)
    report(f"energy is metered: {meter.scope}")
    return energy


def _trace(args: Namespace, stack: ExitStack, report: Report) -> Callable[[Signals], None] | None:
    if args.record_signals is None:
        return None
    file = args.record_signals.open("w", encoding="utf-8", buffering=1)
    stack.callback(_closed, file)
    full = False

    def record(signals: Signals) -> None:
        nonlocal full
        if not full:
            try:
                print(json.dumps(signals.to_json(), allow_nan=False), file=file)
            except OSError as error:  # a full disk is no reason to serve no more
                full = True
                report(f"signals are recorded no more: {error.strerror or error}")

    return record


def _closed(file: TextIO) -> None:
    with suppress(OSError):  # what could not be written is tried again, and has been reported
        file.close()


def _clocks(args: Namespace, report: Report) -> ClockKeeper | None:
    if args.powerd is None:
        report("clocks are left as they are: give --powerd to hold those that the mode was compiled for")
        return None
    return ClockKeeper(PowerdClient(args.powerd), report=report)


def _held(clocks: ClockKeeper | None) -> OperatingPoint | None:
    return None if clocks is None else clocks.held
