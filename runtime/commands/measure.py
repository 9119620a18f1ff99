"""Carry out a measurement plan on this machine: latency of every exit, and energy where it can be metered.

The networks run on the engine that serves them. Each subject is warmed up until it is steady and timed over many runs,
of which the middle share counts; a reference network, measured again and again, tells whether the machine stayed the
same. Every record is on the disk before the next one is measured: interrupt at any time and continue with --resume.
The clocks return as they were found.

The least plan is one network at the clocks found (`stages` are ONNX files inside the plan's folder):

    {"schema": "1.0",
     "subjects": [{"id": "mine", "stages": ["mine.onnx"], "input": {"height": 32, "width": 32}}]}

A network with exits lists the stages of its bundle in order; for a plan inside the bundle's folder that is
["designs/ID/stages/0.onnx", "designs/ID/stages/1.onnx"]. All other keys are optional, and one that is not known stops
the command. This plan has every key; all but `points`, `mean`, `std` and `load` show their defaults:

    {"schema": "1.0",
     "subjects": [{"id": "mine", "stages": ["mine.onnx"],
                   "input": {"height": 224, "width": 224, "mean": [0.485, 0.456, 0.406],
                             "std": [0.229, 0.224, 0.225], "layout": "NCHW", "resize": "bilinear"},
                   "points": ["as_found"]}],
     "points": ["as_found", {"cpu_hz": 1728000000, "gpu_hz": 1020000000, "emc_hz": 2133000000}],
     "without_clocks": "refuse",
     "reference": "mine",
     "runs": 150, "keep": 0.6, "load": {"requests_per_s": 25}, "threads": 1, "seed": 0,
     "warm_up": {"window_runs": 20, "window_s": 0.5, "thermal_window_s": 3.0, "temperature_step_c": 0.5,
                 "latency_agreement": 0.01, "max_s": 60.0},
     "quality": {"every": 5, "max_spread": 0.03, "attempts": 3},
     "energy": {"max_uncertainty": 0.01, "max_s": 30.0, "idle_s": 1.0}}

`points` of a subject go before the plan's; without either, the clocks are left as found. `doctor` shows which clocks
there are; 0 is a clock that the machine lacks. Where clocks cannot be set, "without_clocks": "as_found" measures all
the same and the records say so. `reference` is the id of a subject, by default the first; `load` is "back_to_back" by
default; `keep` is the middle share of the `runs`; a task counts as noisy when the reference changed by more than
`max_spread` around it in each of its `attempts`.

The file holds one JSON object a line: a header (machine, versions, what is missing), then records "reference" and
"measurement" with `median_s`, `p95_s` and `energy_j` (null where it was not metered) for each exit.

Exit status: 0 measured, noisy tasks included; 2 the plan or the machine is to be mended; 130 interrupted.
"""

from __future__ import annotations

import json
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from runtime.contract.measurement import Measurement
from runtime.contract.precision import FP32, PRECISIONS
from runtime.engine.provider import CPU, Provider
from runtime.measure.apparatus import Apparatus, header
from runtime.measure.plan import Plan, fingerprint
from runtime.measure.plan_file import read_plan
from runtime.measure.records_file import Records, RecordsFile, open_records
from runtime.measure.session import Summary, Tick, carry_out, check_points, named
from runtime.measure.time_source import TimeSource

from .hardware_argument import add_hardware
from .provider_argument import OF_ONNX_RUNTIME, add_provider, provider_of
from .root_argument import add_json

SHOWN = 40  # records on the screen; the file holds all


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime measure`."""
    parser.add_argument(
        "plan", type=Path, metavar="PLAN", help="a JSON file as above; stage files are found relative to it"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("measurements.jsonl"),
        metavar="FILE",
        help="where the records go (default: %(default)s)",
    )
    add_provider(parser, choices=OF_ONNX_RUNTIME)  # not auto: what a record was measured on is to be known beforehand
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=FP32,
        help="of the plan's networks, which --provider tensorrt must be told (default: fp32)",
    )
    parser.add_argument("--resume", action="store_true", help="go on with the measurements in --out")
    parser.add_argument(
        "--powerd",
        type=Path,
        metavar="SOCKET",
        help="set the clocks through this powerd (its allow-list must hold the plan's points), without being root",
    )
    add_hardware(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Measure; a summary goes to stdout, progress to stderr."""
    from runtime.measure.open_apparatus import opened

    plan, time = read_plan(args.plan), TimeSource()
    folder = args.plan.resolve().parent
    provider = replace(provider_of(args.provider, args.out.resolve().parent), precision=args.precision)
    plan_sha256 = fingerprint(plan, folder)
    with _stopped_by_signals(), opened(args.hardware, args.powerd) as apparatus:
        check_points(plan, apparatus)
        head = header(apparatus, plan_sha256, time.wall())
        if provider.name != CPU:  # files from before there was a choice can be gone on with
            on = {"provider": provider.name, "precision": provider.precision}
            head = replace(head, software={**head.software, **on})
        with open_records(args.out, head, resume=args.resume) as file:
            _say_what_is_missing(apparatus)
            if file.records.cut_short:
                print("the last record was never finished: it is measured again", file=sys.stderr)
            summary = _with_progress(plan, folder, apparatus, file, time, provider)
            print_summary(summary, file.records, args.out, as_json=args.json)
    return 0


def print_summary(summary: Summary, records: Records, out: Path, *, as_json: bool) -> None:
    """How it ended, for people or scripts."""
    head = records.header
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
    for record in records.measurements[:SHOWN]:
        print(result_of(record))
    if (more := len(records.measurements) - SHOWN) > 0:
        print(f"… and {more} more in the file")
    print(f"{summary.measured} measured{kept}; {len(summary.noisy)} noisy  ({head.kind}: {head.on})")
    for line in summary.noisy:
        print(f"  noisy: {line}")
    print(f"records: {out}")


def result_of(record: Measurement) -> str:
    """Latency and energy up to each exit, in one line."""
    exits = " | ".join(
        f"{prefix.latency.median_s * 1e3:.3f} ms"
        + ("" if prefix.energy is None else f", {prefix.energy.energy_j * 1e3:.3f} mJ")
        for prefix in record.prefixes
    )
    not_set = "" if record.pinned or record.requested is None else " (not set: at the clocks found)"
    return f"{named(record.subject, record.requested)}{not_set}: {exits}{'  (noisy)' if record.noisy else ''}"


def _say_what_is_missing(apparatus: Apparatus) -> None:
    for lack in apparatus.lacking():
        print(f"no {lack.what}: {lack.why}", file=sys.stderr)


def _with_progress(
    plan: Plan, folder: Path, apparatus: Apparatus, file: RecordsFile, time: TimeSource, provider: Provider
) -> Summary:
    with _progress() as tick:
        return carry_out(plan, folder, apparatus, file, time=time, tick=tick, provider=provider)


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
