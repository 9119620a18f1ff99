"""Show what the governor would have done: a recorded trace of signals, decided again with a bundle's modes and clocks.

A trace is JSON lines, one moment each: at_s, queued, requests_per_s, and where known slack_s, idle_s, temperature_c,
battery_share and exit_shares by mode. `edge-runtime serve --govern --record-signals FILE` writes one; with the same
bundle, mode and deadline, on the board that the bundle was compiled for, the same is decided again. Nothing is set on
this machine. Power is what the bundle promises at the forecast rates: predicted, not measured.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path

from runtime.boards.board_profile import BoardProfile
from runtime.boards.profile import known_boards, profile
from runtime.contract.bundle_files import bundle_folder, check_files, read_modes, read_promises
from runtime.contract.errors import StorageError
from runtime.contract.manifest import Manifest, read_manifest
from runtime.governor.offers import Offers
from runtime.governor.picture import picture
from runtime.governor.replay import Step, Summary, replay_trace, summarise
from runtime.governor.rules import Rules
from runtime.governor.rules_of import DEADLINE_FACTOR, promised_deadline_s, rules_of
from runtime.governor.signals import read_trace

from .root_argument import DEFAULT_ROOT, add_json


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime govern`."""
    parser.add_argument("--trace", type=Path, required=True, metavar="FILE", help="recorded signals, JSON lines")
    parser.add_argument(
        "--root",
        type=Path,
        default=DEFAULT_ROOT,
        metavar="DIR",
        help="where bundles live, or a bundle folder (default: %(default)s)",
    )
    parser.add_argument("--mode", help="what to serve while nothing presses (default: the bundle's default mode)")
    parser.add_argument(
        "--shed-to",
        action="append",
        metavar="MODE",
        help="a cheaper mode to shed to, the most accurate first; give it several times (default: all that need less)",
    )
    parser.add_argument(
        "--deadline-ms",
        type=float,
        metavar="MS",
        help=f"of a request (default: {DEADLINE_FACTOR:g} times the promise of the slowest mode at full depth)",
    )
    parser.add_argument(
        "--on-time", type=float, default=0.99, metavar="SHARE", help="that must meet it (default: %(default)s)"
    )
    parser.add_argument(
        "--throttle-c", type=float, metavar="C", help="where the board slows itself down (default: its profile's)"
    )
    parser.add_argument("--no-park", action="store_true", help="never park the clocks while there is nothing to do")
    parser.add_argument("--plot", type=Path, metavar="OUT.svg", help="draw load, heat, clocks and power over time")
    parser.add_argument("--steps", type=Path, metavar="OUT.jsonl", help="write every moment and what was decided")
    add_json(parser)


def run(args: Namespace) -> int:
    """Decide the trace again, then say how the time was spent."""
    folder = bundle_folder(args.root)
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    modes = read_modes(folder, manifest)
    promises = read_promises(folder, manifest, modes)
    offers = Offers(modes, promises)
    deadline_s = promised_deadline_s(promises) if args.deadline_ms is None else args.deadline_ms / 1e3
    rules = _rules(args, rules_of(modes, args.mode or manifest.default_mode, _board(manifest), deadline_s))
    steps = list(replay_trace(read_trace(args.trace), rules, offers))
    summary = summarise(steps)
    title = f"{args.trace.name}: what bundle {manifest.bundle_id[:12]} would have been told"
    if args.steps is not None:
        _write(args.steps, "".join(json.dumps(step.to_json(), allow_nan=False) + "\n" for step in steps))
    if args.plot is not None:
        _write(args.plot, picture(steps, rules.mode, title))
    if args.json:
        print(json.dumps({"bundle_id": manifest.bundle_id, "kind": "predicted", **summary.to_json()}, indent=1))
    else:
        _print_table(title, summary, steps, rules)
    return 0


def _rules(args: Namespace, plain: Rules) -> Rules:
    return replace(
        plain,
        shed_to=plain.shed_to if args.shed_to is None else tuple(args.shed_to),
        on_time=args.on_time,
        throttle_c=plain.throttle_c if args.throttle_c is None else args.throttle_c,
        park=not args.no_park,
    )


def _board(manifest: Manifest) -> BoardProfile | None:
    return profile(manifest.board) if manifest.board in known_boards() else None


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"{path} cannot be written: {error.strerror or error}", where=str(path), to_do="choose another file"
        ) from error


def _print_table(title: str, summary: Summary, steps: list[Step], rules: Rules) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, caption=f"deadline {rules.deadline_s * 1e3:g} ms for {rules.on_time:.1%} of requests")
    for column in ("", "over the trace"):
        table.add_column(column)
    table.add_row("time", f"{summary.seconds:,.1f} s, {len(steps):,} moments")
    table.add_row("power, mean (predicted)", f"{summary.mean_w:.2f} W")
    for mode, share in summary.mode_shares.items():
        table.add_row(f"mode {mode}", f"{share:.1%} of the time")
    table.add_row("clocks parked", f"{summary.parked_share:.1%} of the time")
    table.add_row("switches of clocks", f"{summary.switches:,}, at most one in {rules.dwell_s:g} s but to wake")
    if summary.most_c is not None:
        limit = "" if rules.throttle_c is None else f" (throttles at {rules.throttle_c:g} °C)"
        table.add_row("hottest", f"{summary.most_c:.1f} °C{limit}")
    Console(highlight=False).print(table)
