"""What `edge-runtime serve` records, sends and watches: wired to the server, and its options."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from runtime.boards.hardware import Hardware
from runtime.contract.errors import BoardError, ConfigError, StorageError
from runtime.contract.manifest import MANIFEST
from runtime.contract.telemetry_batch import AGGREGATE
from runtime.contract.token_file import read_password, read_token
from runtime.data.picture import require_pillow
from runtime.data.png import png_of
from runtime.serve.clock_keeper import ClockKeeper
from runtime.serve.gauges import Gauges
from runtime.serve.hot_swap import HotSwap
from runtime.serve.metered_energy import MeteredEnergy
from runtime.serve.prometheus import MetricsText
from runtime.serve.serving import Serving
from runtime.telemetry.board_seen import BoardSeen
from runtime.telemetry.guarding import Guarding, Says
from runtime.telemetry.hard_images import HardImages
from runtime.telemetry.identity import boot_id, device_id
from runtime.telemetry.inference import Recording
from runtime.telemetry.open_uplink import Credentials, open_uplink
from runtime.telemetry.otlp_uplink import OtlpUplink
from runtime.telemetry.recorder import KeepsNothing, TelemetryRecorder
from runtime.telemetry.served_jobs import ServedJobs
from runtime.telemetry.server_events import ServerEvents
from runtime.telemetry.spool import UNKNOWN_BOARD, Spool
from runtime.telemetry.spool_reader import SpoolReader
from runtime.telemetry.telemetry_metrics import Otlp, TelemetryMetrics
from runtime.telemetry.uplink import Shipper, Shipping, Source, Uplink

from .telemetry import SPOOL

Report = Callable[[str], None]
OTLP = "otlp"  # how the spool knows that reader
NOT_IN_A_NAME = re.compile(r"[^0-9A-Za-z_-]")  # of a board, in telemetry


def add_telemetry(parser: ArgumentParser) -> None:
    """The options."""
    default, shipping = Recording(), Shipping()
    group = parser.add_argument_group("telemetry", "no image leaves this board unless --sample-hard-images is given")
    group.add_argument("--no-telemetry", action="store_true", help="record nothing; drift is watched all the same")
    group.add_argument(
        "--telemetry-commit-s",
        type=float,
        default=default.commit_s,
        metavar="S",
        help="a power cut loses at most so much, and flash is written so often (default: %(default)s)",
    )
    group.add_argument(
        "--telemetry-keep-one-in",
        type=int,
        default=default.keep_one_in,
        metavar="N",
        help="images of which one becomes a row of its own; 0: none, minutes only (default: %(default)s)",
    )
    group.add_argument("--uplink", metavar="URL", help="send to file:DIR, https://… or mqtts://…")
    group.add_argument(
        "--uplink-every-s", type=float, default=shipping.every_s, metavar="S", help="(default: %(default)s)"
    )
    group.add_argument("--uplink-token-file", type=Path, metavar="FILE", help="of https")
    group.add_argument("--uplink-user", metavar="NAME", help="of mqtts")
    group.add_argument("--uplink-password-file", type=Path, metavar="FILE", help="of mqtts")
    group.add_argument("--uplink-ca", type=Path, metavar="PEM", help="trust these certificates instead of the system's")
    group.add_argument(
        "--otlp", metavar="URL", help="send minutes as metrics to an OpenTelemetry collector (https://host:4318), too"
    )
    group.add_argument("--otlp-token-file", type=Path, metavar="FILE", help="shown to it as a bearer token")
    group.add_argument("--otlp-ca", type=Path, metavar="PEM", help="trust these certificates of it")
    group.add_argument(
        "--drift-one-in",
        type=int,
        default=1,
        metavar="N",
        help="images of which one is tested for drift; more than 1 for frames of one scene; 0: none (default: 1)",
    )
    group.add_argument(
        "--sample-hard-images",
        type=int,
        default=0,
        metavar="N",
        help="keep the N least sure images of a day, as PNG: they leave this board (default: none)",
    )


@dataclass(frozen=True, slots=True)
class Machine:
    """What the server sees of the machine."""

    hardware: Hardware | None  # None: not this machine's
    clocks: ClockKeeper | None
    gauges: Gauges
    energy: MeteredEnergy | None


def start_telemetry(
    args: Namespace, serving: Serving, swap: HotSwap, machine: Machine, stack: ExitStack, report: Report
) -> Callable[[MetricsText], None]:
    """Record, send and watch until `stack` is unwound; what it adds to /metrics.

    Raises:
        ConfigError, DataError: options that do not fit, or a package that they need is missing.
    """
    if args.drift_one_in < 0:
        raise ConfigError(f"--drift-one-in {args.drift_one_in} tests nothing", to_do="give 1 or more; 0 for no test")
    recording = Recording(args.telemetry_commit_s, args.telemetry_keep_one_in)
    shipping = Shipping(every_s=args.uplink_every_s)
    if args.no_telemetry and (args.uplink is not None or args.otlp is not None or args.sample_hard_images):
        raise ConfigError(
            "--no-telemetry leaves nothing to send", to_do="leave it out, or --uplink, --otlp and the samples"
        )
    spool = None if args.no_telemetry else _spool(args, serving, stack, report)
    shipper = None if spool is None else _shipper(args, spool, shipping, stack, report)
    otlp = None if spool is None else _otlp(args, spool, shipping, stack, report)
    seen = BoardSeen(machine.hardware, machine.clocks, machine.gauges, machine.energy)
    recorder = TelemetryRecorder(KeepsNothing() if spool is None else spool, seen, recording)
    says = _says(recorder, report)
    guarding = Guarding(lambda: serving.bundle, says, one_in=args.drift_one_in)
    metrics = TelemetryMetrics(guarding, spool, shipper, otlp=otlp)
    events = ServerEvents(
        swap,
        lambda: serving.bundle.bundle_id,
        lambda: sum(serving.recorder.recorded().refused.values()),
        says,
        recorder.refused,
    )
    recorder.watchers += [guarding, events, metrics]
    hard = _hard_images(args, recorder, report) if args.sample_hard_images and spool is not None else None
    serving.note = ServedJobs(recorder.note, machine.energy, looks=None if hard is None else hard.look)
    recorder.event("started", f"mode {serving.mode}", bundle_id=serving.bundle.bundle_id, mode=serving.mode)
    recorder.start()
    stack.callback(_end, recorder, serving)
    return metrics


def _end(recorder: TelemetryRecorder, serving: Serving) -> None:
    recorder.stop()
    recorder.event("stopped", "", bundle_id=serving.bundle.bundle_id)
    recorder.close()


def _says(recorder: TelemetryRecorder, report: Report) -> Says:
    def says(name: str, text: str, *, bundle_id: str | None = None, mode: str | None = None) -> None:
        recorder.event(name, text, bundle_id=bundle_id, mode=mode)
        report(f"{name}: {text}")

    return says


def _spool(args: Namespace, serving: Serving, stack: ExitStack, report: Report) -> Spool | None:
    """Where rows wait; None, and said why, where there is no place for them or no name to send them under."""
    if (args.root / MANIFEST).is_file():
        report(
            f"no telemetry: {args.root} is a bundle, and a spool belongs beside installed ones (edge-runtime install)"
        )
        return None
    try:
        board = NOT_IN_A_NAME.sub("-", serving.bundle.manifest.board)[:64] or UNKNOWN_BOARD
        spool = Spool(args.root / SPOOL, device_id(), boot_id(), board)
    except (BoardError, StorageError) as error:
        report(f"no telemetry: {error.what}")
        return None
    stack.callback(spool.close)
    report(f"telemetry is recorded in {spool.path}; look at it with: edge-runtime telemetry show --root {args.root}")
    return spool


def _shipper(args: Namespace, spool: Spool, shipping: Shipping, stack: ExitStack, report: Report) -> Shipper | None:
    if args.uplink is None:
        return None
    token = None if args.uplink_token_file is None else read_token(args.uplink_token_file).decode("ascii")
    password = None if args.uplink_password_file is None else read_password(args.uplink_password_file)
    ca_file = None if args.uplink_ca is None else str(args.uplink_ca)
    uplink = open_uplink(args.uplink, spool.device_id, Credentials(token, args.uplink_user, password, ca_file))
    report(f"telemetry is sent to {uplink.name}")
    return _shipping(spool, uplink, shipping, stack)


def _otlp(args: Namespace, spool: Spool, shipping: Shipping, stack: ExitStack, report: Report) -> Otlp | None:
    """Minutes by a cursor of their own; without --otlp, whatever was kept for it is let go."""
    if args.otlp is None:
        spool.read_also_by({})
        return None
    token = None if args.otlp_token_file is None else read_token(args.otlp_token_file).decode("ascii")
    ca_file = None if args.otlp_ca is None else str(args.otlp_ca)
    uplink = OtlpUplink(args.otlp, version("edge-codesign"), token=token, ca_file=ca_file)
    spool.read_also_by({OTLP: AGGREGATE})
    report(f"minutes of telemetry are sent as metrics to {uplink.name}")
    return Otlp(_shipping(SpoolReader(spool, OTLP), uplink, shipping, stack), uplink)


def _shipping(source: Source, uplink: Uplink, shipping: Shipping, stack: ExitStack) -> Shipper:
    shipper = Shipper(source, uplink, shipping)
    shipper.start()
    stack.callback(shipper.close)
    return shipper


def _hard_images(args: Namespace, recorder: TelemetryRecorder, report: Report) -> HardImages:
    require_pillow()
    hard = HardImages(args.sample_hard_images, png_of, recorder.sample)
    recorder.watchers.append(hard)
    report(f"up to {args.sample_hard_images} images a day are kept as telemetry, and leave this board with it")
    return hard
