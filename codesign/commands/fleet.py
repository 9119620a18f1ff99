"""Show what a fleet of boards has reported: energy and latency against the promise, exits, drift, and who is missing.

Reads what `codesign collect` keeps, and writes one page that needs no other file.

    codesign fleet --store fleet --bundle build/photos/bundle --out fleet.html

With --bundle, exits and entropies are compared with what the bundle expects, per day and kind of board; costs are
compared with its promise anyway. Drift that boards show together is told apart from single boards that go their way.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.contract.durable import write_file
from runtime.contract.errors import ConfigError, StorageError

if TYPE_CHECKING:
    from codesign.fleet.view import Fleet

MOST_DRIFTED = 10  # lines


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--store", required=True, type=Path, metavar="DIR", help="as given to codesign collect")
    parser.add_argument("--out", type=Path, metavar="FILE.html", help="write the page there")
    parser.add_argument(
        "--missing-after", type=float, default=24.0, metavar="H", help="hours of silence to point out (default: 24)"
    )
    parser.add_argument(
        "--bundle",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="of the fleet, at any depth: says which exits and entropies to expect; may be given again",
    )
    parser.add_argument(
        "--false-alarms",
        type=float,
        default=0.01,
        metavar="P",
        help="chance that a look at a fleet without drift shows any (default: %(default)s)",
    )
    parser.add_argument("--sql", metavar="SELECT", help="ask this of aggregate, inference and event instead; as JSON")
    parser.add_argument("--json", action="store_true", help="print all answers as JSON")


def run(args: Namespace) -> int:
    """Ask, then write or print."""
    if not args.missing_after > 0:
        raise ConfigError(f"--missing-after must be above 0 hours, got {args.missing_after}")
    from codesign.collect.store import Store
    from codesign.fleet.expected_mix import expected_mix
    from codesign.fleet.page import rendered
    from codesign.fleet.questions import ask_sql
    from codesign.fleet.view import look_at

    with Store(args.store, must_exist=True) as store:
        if args.sql is not None:
            print(json.dumps(ask_sql(store, args.sql), default=str))
            return 0
        expected = expected_mix(args.bundle)
        fleet = look_at(store, datetime.now(timezone.utc), args.missing_after, expected, args.false_alarms)
    if args.out is not None:
        try:
            write_file(args.out, rendered(fleet).encode())
        except OSError as error:
            raise StorageError(
                f"the page cannot be written: {error.strerror or error}", where=str(args.out), to_do="choose another"
            ) from error
    if args.json:
        told = {
            "state": asdict(fleet.state),
            **{name: list(rows) for name, rows in fleet.answers.items()},
            "drift": asdict(fleet.drift),
        }
        print(json.dumps(told, default=str))
    else:
        _print(fleet, args.out)
    return 0


def _print(fleet: Fleet, out: Path | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from codesign.report.quantities import change_text, energy_text, latency_text

    table = Table(title=f"{len(fleet.devices)} boards, {fleet.images:,} images")
    for column in ("board", "devices", "images", "energy per image", "against promise", "on the stages", "hottest"):
        table.add_column(column)
    for row in fleet.answers["boards"]:
        known = row["energy_j"] is not None and row["promised_j"]
        table.add_row(
            str(row["board"]),
            str(row["devices"]),
            f"{row['images']:,}",
            f"{energy_text(row['energy_j'])} ({row['energy_kind']})" if row["energy_j"] is not None else "not known",
            change_text(row["energy_j"] / row["promised_j"] - 1.0) if known else "–",
            "not known" if row["run_s"] is None else latency_text(row["run_s"]),
            "–" if row["hottest_c"] is None else f"{row['hottest_c']:.0f} °C",
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{len(fleet.off)} off by more than 10 %, {len(fleet.missing)} silent for {fleet.missing_after_h:g} h,"
        f" {len(fleet.alarms)} drift alarms of boards themselves"
    )
    for drifted in fleet.drift.found[:MOST_DRIFTED]:
        console.print(f"drift   {drifted.sentence()}")
    if len(fleet.drift.found) > MOST_DRIFTED:
        console.print(f"        and {len(fleet.drift.found) - MOST_DRIFTED} more: --json or --out shows them all")
    if out is not None:
        console.print(f"page    {out}")
