"""Show the current bundle: what it was compiled for, its modes, what is expected of them, and whether it is whole."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from runtime.contract.mode import Mode
from runtime.install.status import Status, status

from .figure_text import figure_text
from .root_argument import add_json, add_root

SHOWN = {"accuracy": "accuracy", "energy_j": "energy", "latency_s": "latency"}  # expectation -> column


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime status`."""
    add_root(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Look, and print it; nothing installed is a state, not an error."""
    found = status(args.root)
    if args.json:
        print(json.dumps(as_json(found), indent=1))
        return 0
    if found.manifest is None:
        print(f"nothing is installed under {found.root}; install with: edge-runtime install BUNDLE")
        return 0
    _print_table(found)
    return 0


def as_json(found: Status) -> dict[str, object]:
    """The status as a JSON object."""
    manifest = found.manifest
    return {
        "root": str(found.root),
        "current": found.state.current,
        "previous": found.state.previous,
        "history": list(found.state.history),
        "compiled_for": None if manifest is None else {"board": manifest.board, "device": manifest.device},
        "default_mode": None if manifest is None else manifest.default_mode,
        "modes": [mode.to_json() for mode in found.modes],
        "vouched_by": found.vouched_by,
        "provenance": None if manifest is None else dict(manifest.provenance),
    }


def _print_table(found: Status) -> None:
    from rich.console import Console
    from rich.table import Table

    manifest = found.manifest
    if manifest is None:
        return
    console = Console(highlight=False)
    console.print(f"current:      {manifest.bundle_id}, every file as it was compiled", soft_wrap=True, markup=False)
    console.print(f"previous:     {found.state.previous or 'none'}", soft_wrap=True, markup=False)
    console.print(f"compiled for: {manifest.board}, {manifest.device}", soft_wrap=True, markup=False)
    if found.vouched_by is not None:
        console.print(f"signed by:    {found.vouched_by}, trusted here", soft_wrap=True, markup=False)
    table = Table(title="modes, and what is expected of each per image")
    for column in ("mode", "design", "stages", "clocks", *SHOWN.values()):
        table.add_column(column)
    for mode in found.modes:
        table.add_row(*_row(mode, is_default=mode.name == manifest.default_mode))
    console.print(table)


def _row(mode: Mode, *, is_default: bool) -> list[str]:
    expectations = [figure_text(name, mode.expected.get(name)) for name in SHOWN]
    name = f"{mode.name} (default)" if is_default else mode.name
    return [name, mode.design, str(mode.policy.stages), str(mode.operating_point), *expectations]
