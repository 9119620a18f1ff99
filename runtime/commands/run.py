"""Replay labelled images through the installed bundle, one at a time, and compare with what was expected.

Accuracy and latency are measured here; energy is what the bundle promises for the exits that were taken. The clocks are
left as they are.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import onnxruntime

from runtime.contract.errors import ConfigError
from runtime.data.labelled import load_labelled
from runtime.engine.bundle import Engine, open_bundle
from runtime.engine.machine import this_machine
from runtime.engine.provider import NATIVE
from runtime.engine.replay import Replay, replay

from .figure_text import NOT_KNOWN, figure_text, quantity_text
from .provider_argument import add_provider, provider_of, providers_text
from .root_argument import add_json, add_root


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime run`."""
    parser.add_argument(
        "--data", type=Path, required=True, help="NPZ file with `images` and `labels`, or a folder with one per class"
    )
    parser.add_argument("--mode", help="mode of the bundle (default: its default mode)")
    parser.add_argument("--limit", type=int, metavar="N", help="replay the first N images only")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads per stage (default: %(default)s)")
    add_provider(parser)
    add_root(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Replay with a progress bar on stderr; the figures go to stdout."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    if args.limit is not None and args.limit < 1:
        raise ConfigError(f"--limit {args.limit} leaves no image to replay", to_do="give 1 or more")
    engine = open_bundle(args.root, args.mode, threads=args.threads, provider=provider_of(args.provider, args.root))
    on = providers_text(engine.providers)
    labelled = load_labelled(args.data, engine.manifest.input, engine.classes)
    images, labels = labelled.images[: args.limit], labelled.labels[: args.limit]
    by = on if set(engine.providers) == {NATIVE} else f"ONNX Runtime {onnxruntime.__version__} on {on}"
    hardware = f"{this_machine()}; {by}, threads: {args.threads}"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"mode {engine.mode.name}", total=len(images))
        result = replay(
            engine,
            images,
            labels,
            data=f"{args.data}, n = {len(images)}",
            hardware=hardware,
            on_image=lambda: progress.advance(task),
        )
    if args.json:
        print(json.dumps(as_json(engine, result), indent=1))
    else:
        _print_table(engine, result)
    return 0


def as_json(engine: Engine, result: Replay) -> dict[str, Any]:
    """What was found beside what was expected."""
    mode = engine.mode
    return {
        "bundle_id": engine.manifest.bundle_id,
        "compiled_for": {"board": engine.manifest.board, "device": engine.manifest.device},
        "mode": mode.name,
        "found": result.to_json(),
        "expected": {name: figure.to_json() for name, figure in mode.expected.items()},
        "expected_exit_shares": list(mode.exit_shares),
    }


def _print_table(engine: Engine, result: Replay) -> None:
    from rich.console import Console
    from rich.table import Table

    mode, manifest = engine.mode, engine.manifest
    console = Console(highlight=False)
    title = f"mode {mode.name} of bundle {manifest.bundle_id[:12]}, compiled for {manifest.board} ({manifest.device})"
    table = Table(title=title, caption=f"found on {result.latency_mean_s.on}", show_lines=True)
    for column in ("per image", "found", "how known", "expected"):
        table.add_column(column)
    rows = (
        ("accuracy", "accuracy", result.accuracy, "accuracy"),
        ("latency, mean", "latency_s", result.latency_mean_s, "latency_s"),
        ("latency, median", "latency_s", result.latency_p50_s, None),
        ("latency, 99th percentile", "latency_s", result.latency_p99_s, None),
        ("energy, mean", "energy_j", result.energy_j, "energy_j"),
    )
    for label, quantity, figure, expectation in rows:
        how = f"{figure.kind} here" if quantity == "latency_s" else f"{figure.kind}: {figure.on}"
        expected = mode.expected.get(expectation) if expectation is not None else None
        table.add_row(label, quantity_text(quantity, figure.value), how, figure_text(quantity, expected))
    for k, (count, share) in enumerate(zip(result.exit_counts, result.exit_shares, strict=True)):
        expected_share = f"{mode.exit_shares[k] * 100:.1f} %" if mode.exit_shares else NOT_KNOWN
        bar = "█" * round(share * 20)
        table.add_row(
            f"leave at exit {k}", f"{share * 100:.1f} %  {bar}", f"{count} of {result.images}", expected_share
        )
    console.print(table)
