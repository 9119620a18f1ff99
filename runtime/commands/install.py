"""Install a bundle: check it, replay its golden samples, make it the current one.

Whatever fails, the bundle that was current stays so. Undo with: edge-runtime rollback

Where the root has a folder `trusted_keys` (public keys in PEM), only bundles signed by one of them are installed or
served.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from runtime.engine.trust import demand_for
from runtime.install.activate import install

from .root_argument import add_json, add_root


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime install`."""
    parser.add_argument("bundle", type=Path, help="folder written by `codesign compile` (OUT/bundle)")
    parser.add_argument("--board", metavar="NAME", help="this board; refuse a bundle that was compiled for another")
    parser.add_argument(
        "--require-signature",
        type=Path,
        action="append",
        metavar="KEYFILE",
        help="refuse a bundle not signed by this public key, or by one of them if given again (codesign sign)",
    )
    add_root(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Install and say what is current now."""
    keys = args.require_signature
    require = None if keys is None else demand_for(keys, by="--require-signature")
    done = install(args.bundle, args.root, board=args.board, require=require)
    manifest = done.manifest
    if args.json:
        table = {
            "bundle_id": manifest.bundle_id,
            "path": str(done.path),
            "compiled_for": manifest.board,
            "was_current": done.was_current,
            "previous": done.previous,
        }
        print(json.dumps(table, indent=1))
        return 0
    print(f"{manifest.bundle_id} {'was current already' if done.was_current else 'is current'}")
    print(f"  compiled for: {manifest.board} ({manifest.device}); modes: {', '.join(manifest.modes)}")
    if done.previous is not None:
        print(f"  undo with: edge-runtime rollback --root {args.root}  (returns to {done.previous})")
    return 0
