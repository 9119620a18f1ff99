"""Own the clocks: set them for programs that may not, and bring them back when those stop, die or crash.

A small process that runs as root and listens on a Unix socket. A client acquires a lease, sets operating points, and
renews the lease; when it does not, the clocks that were found come back. Only points that the installed bundle prices
can be set, its modes' own and those that a governor may switch to, or those of the list that --allow names; where ROOT
has trusted keys, only a bundle that one of them signed allows any. What was found is kept in a state file until it is
restored, so that even after powerd itself was killed its next start, or --restore, brings it back.

To try it without a board, on a model of one:

    edge-runtime powerd --hardware model:orin-nano-super --socket /tmp/powerd.sock --state /tmp/powerd.json \\
        --allow points.json

points.json is a list of operating points, 0 for a clock that the board lacks (`edge-runtime doctor` shows its clocks):

    [{"cpu_hz": 1728000000, "gpu_hz": 1020000000, "emc_hz": 2133000000}]

A program takes the lease, sets a point, and gives the clocks back at the end of the block:

    from pathlib import Path

    from runtime.powerd.client import PowerdClient

    with PowerdClient(Path("/tmp/powerd.sock")) as powerd:
        print(powerd.set(powerd.status().allowed[0]))

Exit status: 0 after a stop with the clocks restored; 1 where some could not be; 2 where it could not start.
Where no clock can be set, powerd starts all the same, says so, and refuses leases.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.contract.errors import ConfigError
from runtime.powerd.allow_list import AllowList, BundlePoints, ListedPoints
from runtime.powerd.daemon import Machine, Places, powerd, restore_only
from runtime.powerd.notify import Notifier, ping_period_s
from runtime.powerd.peer import AccessRule
from runtime.powerd.protocol import DEFAULT_SOCKET

from .hardware_argument import add_hardware
from .root_argument import add_json, add_root

if TYPE_CHECKING:
    from runtime.boards.hardware import Hardware

DEFAULT_STATE = Path("/run/edge-runtime/powerd.state.json")
NOT_RESTORED = 1
RESTORED = "stopped: the clocks are as they were found"
UNRESTORED = "stopped, and some clocks stay changed: start it again, or edge-runtime powerd --restore"
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime powerd`."""
    add_root(parser)
    add_json(parser)
    parser.add_argument(
        "--socket", type=Path, default=Path(DEFAULT_SOCKET), metavar="PATH", help="where to listen (%(default)s)"
    )
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, metavar="FILE", help="what to restore after a crash (%(default)s)"
    )
    parser.add_argument("--group", metavar="NAME", help="group whose members may set clocks, besides root")
    parser.add_argument(
        "--allow-user", action="append", default=[], metavar="NAME", help="user who may, too; repeat for more"
    )
    parser.add_argument(
        "--allow",
        type=Path,
        metavar="FILE",
        help="JSON list of the points that may be set, instead of the bundle's; only powerd's user may write to it",
    )
    add_hardware(parser)
    parser.add_argument(
        "--restore", action="store_true", help="only restore what a killed powerd left changed, then end"
    )


def run(args: Namespace) -> int:
    """Serve until stopped by a signal, or restore."""
    return run_on(args, machine_of(args.hardware))


def run_on(args: Namespace, machine: Machine) -> int:
    """The same on clocks that are already at hand."""
    report = _reporter(as_json=args.json)
    if args.restore:
        restored = restore_only(machine, args.state)
        report("the clocks found are restored" if restored else "there was nothing to restore")
        return 0
    gid = None if args.group is None else _gid(args.group)
    access = AccessRule(
        os.geteuid(),
        frozenset(_uid(name) for name in args.allow_user),
        frozenset() if gid is None else frozenset({gid}),
    )
    watchdog = os.environ.get("WATCHDOG_USEC")
    with powerd(
        machine,
        Places(args.socket, args.state, gid),
        allow_list_of(args),
        access,
        notifier=Notifier(os.environ.get("NOTIFY_SOCKET")),
        ping_s=ping_period_s(watchdog),
        report=report,
    ) as server:
        before = {number: signal.signal(number, lambda *_: server.stop()) for number in STOPS}
        try:
            report(f"listening on {args.socket}")
            restored = server.serve()
            report(RESTORED if restored else UNRESTORED)
            return 0 if restored else NOT_RESTORED
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def allow_list_of(args: Namespace) -> AllowList:
    """The bundle's points, or the list that --allow names. Raises ConfigError."""
    return BundlePoints(args.root) if args.allow is None else ListedPoints(args.allow)


def machine_of(spec: str) -> Machine:
    """The clocks of `--hardware`, or why there are none. Raises BoardError where there is no such hardware."""
    from runtime.boards.hardware import open_hardware

    return machine_from(open_hardware(spec), is_root=os.geteuid() == 0)


def machine_from(hardware: Hardware, *, is_root: bool) -> Machine:
    """What powerd can set of a machine."""
    boot_id, clocks = hardware.identity.boot_id, hardware.clocks
    if clocks is None:
        return Machine(None, "this machine has no clocks that Linux lets anyone set", boot_id)
    reasons = {name: why for name, why in clocks.settable().items() if why is not None}
    said = tuple(f"{name} clock: {why}" for name, why in reasons.items())
    if not is_root:
        said = ("powerd does not run as root: sudo edge-runtime powerd", *said)
    if len(reasons) == len(clocks.domains):
        return Machine(None, "; ".join(said), boot_id)
    return Machine(clocks, "", boot_id, said)


def _reporter(*, as_json: bool) -> Callable[[str], None]:
    def report(text: str) -> None:
        line = json.dumps({"powerd": text}) if as_json else f"powerd: {text}"
        with suppress(OSError):  # whoever read this is gone, the clocks are still to be looked after
            print(line, file=sys.stdout if as_json else sys.stderr, flush=True)

    return report


def _gid(name: str) -> int:
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise ConfigError(f"there is no group {name!r}", where="--group", to_do=f"groupadd --system {name}") from error


def _uid(name: str) -> int:
    try:
        return int(name) if name.isdecimal() else pwd.getpwnam(name).pw_uid
    except KeyError as error:
        raise ConfigError(
            f"there is no user {name!r}", where="--allow-user", to_do="give a name or number of /etc/passwd"
        ) from error
