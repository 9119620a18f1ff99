"""Carry out a measurement plan on this machine: latency of every exit, and energy where it can be metered.

The networks run on the engine that serves them. Each subject is warmed up until it is steady and timed over many runs,
of which the middle share counts; a reference network, measured again and again, tells whether the machine stayed the
same. Every record is on the disk before the next one is measured: interrupt at any time and continue with --resume.
The clocks return as they were found.
"""

from __future__ import annotations

import json
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from runtime.contract.measurement import MeasurementHeader
from runtime.measure.apparatus import Apparatus, header
from runtime.measure.plan import Plan, fingerprint
from runtime.measure.plan_file import read_plan
from runtime.measure.records_file import RecordsFile, open_records
from runtime.measure.session import Summary, Tick, carry_out, check_points
from runtime.measure.time_source import TimeSource

from .hardware_argument import add_hardware
from .root_argument import add_json


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime measure`."""
    parser.add_argument("plan", type=Path, metavar="PLAN", help="plan.json; stage files are found relative to it")
    parser.add_argument(
        "--out", type=Path, default=Path("measurements.jsonl"), metavar="FILE", help="(default: %(default)s)"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the measurements in --out")
    add_hardware(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Measure; a summary goes to stdout, progress to stderr."""
    from runtime.measure.open_apparatus import opened

    plan, time = read_plan(args.plan), TimeSource()
    folder = args.plan.resolve().parent
    plan_sha256 = fingerprint(plan, folder)
    with _stopped_by_signals(), opened(args.hardware) as apparatus:
        check_points(plan, apparatus)
        with open_records(args.out, header(apparatus, plan_sha256, time.wall()), resume=args.resume) as file:
            _say_what_is_missing(apparatus)
            if file.records.cut_short:
                print("the last record was never finished: it is measured again", file=sys.stderr)
            summary = _with_progress(plan, folder, apparatus, file, time)
            print_summary(summary, file.records.header, args.out, as_json=args.json)
    return 0


def print_summary(summary: Summary, head: MeasurementHeader, out: Path, *, as_json: bool) -> None:
    """How it ended, for people or scripts."""
    if as_json:
        table: dict[str, Any] = {
            "out": str(out),
            "measured": summary.measured,
            "kept": summary.kept,
            "noisy": list(summary.noisy),
            "on": head.on,
            "kind": head.kind.value,
            "missing": [{"what": lack.what, "why": lack.why, "to_do": lack.to_do} for lack in head.missing],
        }
        print(json.dumps(table, indent=1))
        return
    kept = f", {summary.kept} kept from before" if summary.kept else ""
    print(f"{summary.measured} measured{kept}; {len(summary.noisy)} noisy  ({head.kind}: {head.on})")
    for line in summary.noisy:
        print(f"  noisy: {line}")
    print(f"records: {out}")


def _say_what_is_missing(apparatus: Apparatus) -> None:
    for lack in apparatus.lacking():
        print(f"no {lack.what}: {lack.why}", file=sys.stderr)


def _with_progress(plan: Plan, folder: Path, apparatus: Apparatus, file: RecordsFile, time: TimeSource) -> Summary:
    with _progress() as tick:
        return carry_out(plan, folder, apparatus, file, time=time, tick=tick)


@contextmanager
def _progress() -> Iterator[Tick]:
    """A bar on a terminal, else a line per task, which a workstation that started this over ssh reads along."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, of, note: print(f"{done}/{of} {note}", file=sys.stderr, flush=True)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("measure", total=None)
        yield lambda done, of, note: bar.update(task, completed=done, total=of, description=note)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """SIGTERM and a lost terminal end the session as Ctrl-C does, so that the clocks return; nohup is respected."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    heard = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, interrupt) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
