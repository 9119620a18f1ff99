"""The options of `edge-runtime serve`, and the limits that they ask for."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from pathlib import Path

from runtime.contract.errors import ConfigError
from runtime.governor.rules_of import DEADLINE_FACTOR
from runtime.serve.limits import Limits

from .hardware_argument import add_hardware
from .provider_argument import add_provider
from .root_argument import add_json, add_root
from .serve_telemetry import add_telemetry

MIB = 1024 * 1024
MB = 1_000_000


def add_options(parser: ArgumentParser) -> None:
    """All of them."""
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
    how.add_argument(
        "--memory-budget",
        type=float,
        metavar="MB",
        help="for loaded modes, by estimate: the mode in use and `frugal` stay, others come and go beside the requests "
        "; a bundle on trial has as much again (default: all are loaded)",
    )
    how.add_argument("--batch", type=int, default=1, metavar="N", help="images that may share a batch (default: 1)")
    how.add_argument("--gather-ms", type=float, default=0.0, metavar="MS", help="how long a batch waits to fill up")
    how.add_argument("--queue", type=int, default=default.queue_images, metavar="N", help="images that may wait")
    how.add_argument(
        "--deadline-ms",
        type=float,
        metavar="MS",
        help=f"of requests that name none (default: {default.deadline_s * 1e3:g}); --govern plans for it (default: "
        f"{DEADLINE_FACTOR:g} times the promise of the slowest mode at full depth)",
    )
    how.add_argument(
        "--stage-s",
        type=float,
        default=default.stage_s,
        metavar="S",
        help="after which an inference is given up and answered with 504 (default: %(default)s)",
    )
    how.add_argument("--max-body-mib", type=float, default=default.body_bytes / MIB, help="(default: %(default)s)")
    how.add_argument("--trial-s", type=float, default=60.0, help="of a bundle that takes over (default: %(default)s)")
    how.add_argument("--govern", action="store_true", help="choose mode and clocks by load, heat and deadline")
    how.add_argument("--record-signals", type=Path, metavar="FILE", help="five rows a second, for `govern --trace`")
    how.add_argument("--powerd", type=Path, metavar="SOCKET", help="hold the mode's clocks through this powerd")
    add_hardware(parser)
    add_telemetry(parser)
    who = parser.add_argument_group("who")
    who.add_argument("--token-file", type=Path, metavar="FILE", help="demand this token of TCP clients")
    who.add_argument("--cert", type=Path, metavar="PEM", help="TLS certificate")
    who.add_argument("--key", type=Path, metavar="PEM", help="its private key")
    who.add_argument("--client-ca", type=Path, metavar="PEM", help="demand certificates of this authority (mTLS)")


def limits_of(args: Namespace) -> Limits:
    """The limits that the options ask for. Raises ConfigError."""
    for option, number in (("--batch", args.batch), ("--inference-threads", args.inference_threads)):
        if number < 1:
            raise ConfigError(f"{option} {number} answers nothing", to_do="give 1 or more")
    if not args.max_body_mib < math.inf:
        raise ConfigError(f"--max-body-mib {args.max_body_mib:g} is no size", to_do="give mebibytes")
    return Limits(
        queue_images=args.queue,
        request_images=max(args.queue, args.batch),
        body_bytes=int(args.max_body_mib * MIB),
        deadline_s=Limits().deadline_s if args.deadline_ms is None else args.deadline_ms / 1e3,
        stage_s=args.stage_s,
    )


def budget_of(args: Namespace) -> int | None:
    """Bytes for loaded modes. Raises ConfigError."""
    if args.memory_budget is None:
        return None
    if not 0 < args.memory_budget < math.inf:
        raise ConfigError(
            f"a --memory-budget of {args.memory_budget:g} MB cannot be kept to", to_do="give megabytes, or leave it out"
        )
    return int(args.memory_budget * MB)
