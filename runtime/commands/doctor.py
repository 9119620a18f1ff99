"""Say what this machine is, what of it can be read and set, and what will be degraded, with what to do about it.

Looks at the board and its release, clocks, power rails, energy counters, temperature, battery, inference back ends,
versions, powerd and the installed bundle. Nothing is changed, nothing is set, and nothing is run but one import of
TensorRT in a process of its own. --json prints the same as data, whose keys stay as they are from version to version.

Exit status: 0 all serves; 1 something is degraded, each with its reason; 2 doctor itself could not look, for example at
a capture that is damaged.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace

from runtime.boards.hardware import THIS_MACHINE, open_hardware
from runtime.powerd.protocol import DEFAULT_SOCKET

from .doctor_degraded import degraded
from .doctor_findings import Findings, as_json
from .doctor_hardware import (
    SHOWN_ELSEWHERE,
    RailLook,
    battery_of,
    clocks_of,
    counter_of,
    heat_of,
    machine_of,
    power_modes_of,
    rails_of,
    total_of,
)
from .doctor_service import ask_powerd, holds_clocks, look_at_installed, point_judge, sets_clocks
from .doctor_software import look_at_software
from .hardware_argument import add_hardware
from .root_argument import add_json, add_root

SERVES, DEGRADED = 0, 1


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime doctor`."""
    add_hardware(parser)
    parser.add_argument(
        "--socket", default=DEFAULT_SOCKET, metavar="PATH", help="where powerd listens (default: %(default)s)"
    )
    add_root(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Look at everything, then print it."""
    findings = look(args)
    worse = degraded(findings)
    if args.json:
        print(json.dumps(as_json(findings, worse), indent=1))
    else:
        from rich.console import Console

        from .doctor_text import print_findings

        print_findings(findings, worse, Console(highlight=False, markup=False, emoji=False))
    return DEGRADED if worse else SERVES


def look(args: Namespace) -> Findings:
    """Hardware, then the software, the service and the bundle on this machine.

    Raises:
        BoardError, StorageError: the hardware that was named cannot be opened.
    """
    here = args.hardware == THIS_MACHINE
    hardware = open_hardware(args.hardware)
    clocks = clocks_of(hardware)
    powerd = ask_powerd(args.socket) if here else None
    through_powerd = powerd is not None and sets_clocks(powerd)
    judge = point_judge(
        tables_hz={clock.clock: clock.table_hz or None if clock.present else () for clock in clocks},
        reasons={clock.clock: None if through_powerd else clock.why_not for clock in clocks},
        # What powerd holds for someone now looks like a cap, and is none.
        limits_hz={} if powerd is not None and holds_clocks(powerd) else {each.clock: each.max_hz for each in clocks},
    )
    rails = RailLook(time.perf_counter if here else None)
    total, covers = total_of(hardware, rails)
    return Findings(
        machine=machine_of(hardware, spec=args.hardware, is_this_machine=here),
        clocks=clocks,
        power_modes=power_modes_of(hardware.profile),
        rails=rails_of(hardware, rails),
        total=total,
        covers=covers,
        counter=counter_of(hardware),
        heat=heat_of(hardware),
        battery=battery_of(hardware.io),
        missing=tuple(each for each in hardware.missing if each.what not in SHOWN_ELSEWHERE),
        software=look_at_software(),
        powerd=powerd,
        installed=look_at_installed(
            args.root, hardware.identity.profile, judge if hardware.clocks is not None else None
        ),
    )
