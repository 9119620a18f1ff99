"""Install a bundle: check it, replay its golden samples, make it the current one.

Whatever fails, the bundle that was current stays so. Undo with: edge-runtime rollback

Where the root has a folder `trusted_keys` (public keys in PEM), only bundles signed by one of them are installed or
served.

Where TensorRT is on this board, every stage gets its engine before the bundle becomes current: one that the bundle
brings for this kind of board, if a key in `trusted_keys` signed it, or one that is built here (--engines no: at the
first start of `--provider tensorrt-native` instead).

A fleet takes a bundle in stages: the same command goes to every board, with a larger share each time, and each board
draws by itself whether it is among them. `codesign rollout` says from their telemetry whether to go on.

    edge-runtime install bundle --canary 10%
    edge-runtime install bundle --canary 100%
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

from runtime.boards.sysfs.tree import TreeIO
from runtime.contract.errors import EngineError
from runtime.contract.manifest import Manifest, read_manifest
from runtime.engine.engine_key import build_site
from runtime.engine.native_tensorrt import native_tensorrt
from runtime.engine.trust import demand_for
from runtime.install.activate import install
from runtime.install.canary import is_chosen, share_of
from runtime.install.engines import engine_folder, ready_engines
from runtime.install.root import read_state
from runtime.telemetry.identity import device_id

from .engine_options import add_build_limits, builder_of, told
from .root_argument import add_json, add_root

NO, MUST = "no", "must"


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
    parser.add_argument(
        "--canary", metavar="SHARE", help="install only if this board is of that share of the fleet, as 10%% or 0.1"
    )
    parser.add_argument("--device-id", metavar="ID", help="this board's, for --canary (default: as in its telemetry)")
    engines = parser.add_argument_group("engines")
    engines.add_argument(
        "--engines",
        choices=("auto", NO, MUST),
        default="auto",
        help="auto: where TensorRT is here, and a stage that gets none is no obstacle; must: else nothing is installed",
    )
    add_build_limits(engines)
    add_root(parser)
    add_json(parser)


def run(args: Namespace) -> int:
    """Install and say what is current now."""
    if args.canary is not None and (waiting := _waiting(args, share_of(args.canary))) is not None:
        if args.json:
            print(json.dumps({"bundle_id": waiting.bundle_id, "compiled_for": waiting.board, "waits": True}, indent=1))
        else:
            print(f"{waiting.bundle_id} is not installed: this board is not of the first {args.canary} of the fleet")
        return 0
    keys = args.require_signature
    require = None if keys is None else demand_for(keys, by="--require-signature")
    make_ready = partial(_make_ready, args) if args.engines != NO else None
    done = install(args.bundle, args.root, board=args.board, require=require, make_ready=make_ready)
    manifest = done.manifest
    if args.json:
        table = {
            "bundle_id": manifest.bundle_id,
            "path": str(done.path),
            "compiled_for": manifest.board,
            "was_current": done.was_current,
            "previous": done.previous,
            "waits": False,
        }
        print(json.dumps(table, indent=1))
        return 0
    print(f"{manifest.bundle_id} {'was current already' if done.was_current else 'is current'}")
    print(f"  compiled for: {manifest.board} ({manifest.device}); modes: {', '.join(manifest.modes)}")
    if done.previous is not None:
        print(f"  undo with: edge-runtime rollback --root {args.root}  (returns to {done.previous})")
    return 0


def _make_ready(args: Namespace, path: Path) -> None:
    """Engines for the bundle at its place under the root; what is said of them goes to stderr."""
    builder = builder_of(args.max_seconds, args.max_memory_mb, args.workspace_mb, _say)
    try:
        native = native_tensorrt()
    except EngineError:
        if args.engines == MUST:
            raise
        return  # this board runs stages on something else
    readied = ready_engines(
        path, engine_folder(args.root), native, build_site(TreeIO()), builder, brought=args.bundle, root=args.root
    )
    for line in (*told(readied), *readied.failed):
        _say(line)
    if readied.failed and args.engines == MUST:
        raise EngineError(
            f"{len(readied.failed)} of {readied.stages} stages have no engine: {readied.failed[0]}",
            to_do="mend this, or install with --engines auto; what was current before still is",
        )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _waiting(args: Namespace, share: float) -> Manifest | None:
    """The bundle, where it is not this board's turn and the bundle is not current here already."""
    manifest = read_manifest(args.bundle)
    device = device_id() if args.device_id is None else args.device_id
    if is_chosen(device, manifest.bundle_id, share) or read_state(args.root).current == manifest.bundle_id:
        return None
    return manifest
