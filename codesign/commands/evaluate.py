"""Evaluate a bundle on any labelled images: accuracy, exits, expected cost, for every mode.

Runs the images through the bundle's own stages with the engine that serves them. Accuracy is measured; cost is what the
bundle promises for the exits that were taken.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from runtime.contract.errors import ConfigError


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("bundle", type=Path, help="a bundle folder")
    parser.add_argument(
        "--data",
        required=True,
        metavar="SPEC",
        help="digits, cifar10:FOLDER, cifar100:FOLDER or images:FOLDER (their test split), or npz:FILE (all of it)",
    )
    parser.add_argument("--mode", help="one mode only (default: all)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the splits of --data (default: 0)")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: Namespace) -> int:
    """Evaluate each mode."""
    from codesign.bundle.evaluate import Evaluation, evaluate_mode
    from codesign.data.named_images import images_for
    from runtime.contract.manifest import read_manifest

    manifest = read_manifest(args.bundle)
    if args.mode is not None and args.mode not in manifest.modes:
        raise ConfigError(f"the bundle has no mode {args.mode!r}", to_do=f"use one of {', '.join(manifest.modes)}")
    images = images_for(args.data, manifest.input, manifest.classes, args.seed)
    names = manifest.modes if args.mode is None else (args.mode,)
    quiet = Console(stderr=True)
    found: list[Evaluation] = [
        evaluate_mode(args.bundle, name, images) for name in track(names, "Modes", console=quiet, transient=True)
    ]
    if args.json:
        print(json.dumps([item.to_json() for item in found], indent=1))
        return 0
    table = Table(title=escape(f"{args.bundle} on {args.data}, {len(images.labels)} images"))
    for heading in ("mode", "accuracy", "expected", "leave at each exit", "energy mJ", "latency ms"):
        table.add_column(heading)
    for item in found:
        table.add_row(
            item.mode,
            f"{item.accuracy:.2%} measured",
            "unknown" if item.expected_accuracy is None else f"{item.expected_accuracy:.2%}",
            " ".join(f"{share:.0%}" for share in item.exit_shares),
            f"{item.energy_j * 1e3:.3f} {item.cost_kind}",
            f"{item.latency_s * 1e3:.3f} {item.cost_kind}",
        )
    console = Console()
    console.print(table)
    console.print(f"[dim]energy and latency: {found[0].hardware}")
    return 0
