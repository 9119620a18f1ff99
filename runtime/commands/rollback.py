"""Return to the bundle that was current before."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from runtime.install.rollback import roll_back

from .root_argument import add_json, add_root


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime rollback`."""
    add_root(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Roll back and say what is current now."""
    manifest = roll_back(args.root)
    if args.json:
        print(json.dumps({"bundle_id": manifest.bundle_id, "compiled_for": manifest.board}, indent=1))
    else:
        print(f"{manifest.bundle_id} is current again (compiled for {manifest.board})")
    return 0
