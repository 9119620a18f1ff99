"""Return to the bundle that was current before."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from runtime.contract.manifest import check_abbreviated
from runtime.install.rollback import roll_back
from runtime.install.root import read_state

from .root_argument import add_json, add_root


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime rollback`."""
    parser.add_argument(
        "--from",
        dest="only",
        metavar="ID",
        help="only if this bundle is current (its id or the first 8 digits or more): for a whole fleet at once",
    )
    add_root(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Roll back and say what is current now."""
    if args.only is not None:
        check_abbreviated(args.only)
        current = read_state(args.root).current
        if current is None or not current.startswith(args.only):
            if args.json:
                print(json.dumps({"bundle_id": current, "rolled_back": False}, indent=1))
            else:
                print(f"{args.only} is not current here: nothing to do")
            return 0
    manifest = roll_back(args.root)
    if args.json:
        print(
            json.dumps({"bundle_id": manifest.bundle_id, "compiled_for": manifest.board, "rolled_back": True}, indent=1)
        )
    else:
        print(f"{manifest.bundle_id} is current again (compiled for {manifest.board})")
    return 0
