"""Return to the bundle that was current before."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from runtime.contract.errors import ConfigError
from runtime.install.rollback import roll_back
from runtime.install.root import read_state

from .root_argument import add_json, add_root

LEAST_DIGITS = 8


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
    if args.only is not None and not _is_current(args.only, read_state(args.root).current):
        if args.json:
            print(json.dumps({"bundle_id": read_state(args.root).current, "rolled_back": False}, indent=1))
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


def _is_current(asked: str, current: str | None) -> bool:
    if len(asked) < LEAST_DIGITS:
        raise ConfigError(f"{asked!r} is too short to name a bundle", to_do=f"give {LEAST_DIGITS} digits of its id")
    return current is not None and current.startswith(asked)
