"""Record what this board's kernel shows of clocks, power and temperature, as a file that stands in for the board.

The file is how a board that nobody here has gets supported: tests replay its values, its errors and its read times.
Nothing is written to the board. Only files of a fixed whitelist are read; serial numbers, hardware addresses, host
names and whatever is not about clocks, power and temperature stay out. Works without root, and says what root would
add.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from runtime.boards.hardware import MODEL, THIS_MACHINE, open_hardware
from runtime.boards.sysfs.capture import Capture, CapturedIO, EntryKind, capture, facts_of, no_mode
from runtime.boards.sysfs.capture_file import save_capture
from runtime.boards.sysfs.io import SysfsIO
from runtime.boards.sysfs.tree import TreeIO
from runtime.boards.sysfs.whitelist import WHITELIST
from runtime.contract.errors import BoardError

from .hardware_argument import add_hardware
from .root_argument import add_json

DENIED = (errno.EACCES, errno.EPERM)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a capture one group of the whitelist makes up."""

    group: str
    files: int
    denied: int  # files and folders that root may see and this user may not
    failed: int  # other errors: part of what a capture is for


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime capture`."""
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write the capture (JSON)")
    add_hardware(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Record, write, and say what was recorded."""
    io = open_hardware(args.hardware).io
    here = args.hardware == THIS_MACHINE
    facts = facts_of(
        io,
        architecture=platform.machine() if here else None,
        taken_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        tool_version=metadata.version("edge-codesign"),
        as_root=os.geteuid() == 0 if here else None,
        simulated=is_of_a_model(args.hardware, io),
    )
    groups = {
        group: capture(io, patterns, time.perf_counter, mode_of=mode_reader(io))
        for group, patterns in WHITELIST.items()
    }
    recorded = Capture({path: entry for part in groups.values() for path, entry in part.entries.items()}, facts)
    shares = tuple(share_of(group, part) for group, part in groups.items())
    if not any(share.files for share in shares):
        raise BoardError(
            "there is nothing to record: no file of the whitelist is here",
            where=f"--hardware {args.hardware}",
            to_do="run this on the board itself, or give a folder that holds a board's /sys, /proc and /etc",
        )
    size_bytes = save_capture(recorded, args.out)
    if args.json:
        print(json.dumps(as_json(recorded, shares, args.out, size_bytes), indent=1))
    else:
        _print(recorded, shares, args.out, size_bytes)
    return 0


def mode_reader(io: SysfsIO) -> Callable[[str], int | None]:
    """How permission bits are known in that tree; not at all in a model."""
    if isinstance(io, TreeIO):
        return partial(_mode_in, io.root)
    return io.mode_of if isinstance(io, CapturedIO) else no_mode


def is_of_a_model(spec: str, io: SysfsIO) -> bool:
    """Whether what `--hardware` names is a model of a board, or the recording of one."""
    return spec.startswith(MODEL) or (isinstance(io, CapturedIO) and bool(io.capture.facts.simulated))


def share_of(group: str, part: Capture) -> Share:
    """Count what one group came to."""
    entries = part.entries.values()
    files = [entry for entry in entries if entry.kind is EntryKind.FILE]
    denied = sum(entry.error in DENIED for entry in entries)
    failed = sum(entry.error is not None and entry.error not in DENIED for entry in entries)
    return Share(group, sum(entry.value is not None for entry in files), denied, failed)


def as_json(recorded: Capture, shares: tuple[Share, ...], out: Path, size_bytes: int) -> dict[str, Any]:
    """What was recorded, for programs."""
    return {
        "out": str(out),
        "size_bytes": size_bytes,
        "facts": asdict(recorded.facts),
        "groups": [asdict(share) for share in shares],
        "denied": sorted(path for number in DENIED for path in recorded.unreadable(number)),
    }


def _mode_in(root: Path, path: str) -> int | None:
    try:
        return (root / path.lstrip("/")).stat().st_mode & 0o7777
    except OSError:
        return None


def _print(recorded: Capture, shares: tuple[Share, ...], out: Path, size_bytes: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    console.print(f"recorded of {recorded.facts.model or 'a machine that names no model'}", soft_wrap=True)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("what")
    for column in ("values", "denied", "other errors"):
        table.add_column(column, justify="right")
    for share in shares:
        table.add_row(share.group, str(share.files), str(share.denied or ""), str(share.failed or ""))
    console.print(table)
    console.print(f"written: {out} ({size_bytes / 1000:.0f} kB)", soft_wrap=True)
    if closed := [share.group for share in shares if share.denied]:
        console.print(f"root would add: {'; '.join(closed)}", soft_wrap=True)
        console.print(f"  to do: sudo edge-runtime capture --out {out}", soft_wrap=True)
    if recorded.facts.simulated:
        console.print("It is of a model, not of a board: it says so, and is for trying things. Nobody needs it sent.")
        return
    console.print(
        "It is plain text without serial numbers, addresses or host names: look through it if you like, then send it "
        "by attaching it to an issue of edge-codesign, with the name of the board and of its carrier."
    )
