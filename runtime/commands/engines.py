"""Build, list or prune the TensorRT engines that --provider tensorrt-native runs.

    edge-runtime engines build             # for the installed bundle: one stage at a time, in a process of its own
    edge-runtime engines build bundle/ --out engines/      # for any bundle, to be brought elsewhere (codesign engines)
    edge-runtime engines list
    edge-runtime engines prune --max-mb 512

`edge-runtime install` does the first by itself where TensorRT is here. An engine belongs to one graph, one version of
TensorRT and one kind of board; whatever changes gets another one. `prune` removes those that were not used for longest
until the rest fits, and never one that an installed bundle uses.

Compare a stage on TensorRT with ONNX Runtime, where Polygraphy is installed (pip install 'edge-codesign[polygraphy]';
--strongly-typed from TensorRT 10 on):

    polygraphy run bundle/designs/ID/stages/0.onnx --trt --strongly-typed --onnxrt --atol 1e-3

Exit status: 0 all have an engine; 1 some stage has none; 2 where nothing could be done.
"""

from __future__ import annotations

import json
import math
import sys
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

from runtime.boards.sysfs.tree import TreeIO
from runtime.contract.bundle_files import bundle_folder
from runtime.contract.errors import ConfigError, EngineError
from runtime.engine.engine_builder import MIB
from runtime.engine.engine_key import build_site
from runtime.engine.engine_store import kept_engines, prune_engines, sweep_engines
from runtime.engine.native_tensorrt import NativeTensorRt, native_tensorrt
from runtime.install.engines import engine_folder, needed_engines, ready_engines

from .engine_options import add_build_limits, builder_of, told
from .root_argument import add_json, add_root

SOME_WITHOUT = 1
DEFAULT_MB = 1024.0


def add_arguments(parser: ArgumentParser) -> None:
    """Arguments of `edge-runtime engines`."""
    parser.add_argument("what", choices=("build", "list", "prune"))
    parser.add_argument("bundle", type=Path, nargs="?", help="build: a bundle folder (default: what is installed)")
    add_root(parser)
    add_json(parser)
    building = parser.add_argument_group("build")
    building.add_argument("--out", type=Path, metavar="DIR", help="where engines go (default: ROOT/engine_cache)")
    building.add_argument("--again", action="store_true", help="build what is kept already, too")
    add_build_limits(building)
    pruning = parser.add_argument_group("prune")
    pruning.add_argument(
        "--max-mb", type=float, default=DEFAULT_MB, metavar="MB", help="that engines may take (default: %(default)s)"
    )


def run(args: Namespace) -> int:
    """Do one of the three."""
    return {"build": _build, "list": _list, "prune": _prune}[args.what](args)


def _build(args: Namespace) -> int:
    def report(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    builder = builder_of(args.max_seconds, args.max_memory_mb, args.workspace_mb, report)
    engines = engine_folder(args.root) if args.out is None else args.out
    bundle = bundle_folder(args.root if args.bundle is None else args.bundle)
    native, board = native_tensorrt(), build_site(TreeIO())
    brought = None if args.bundle is None or args.out is not None else bundle
    readied = ready_engines(bundle, engines, native, board, builder, brought=brought, root=args.root, again=args.again)
    for sentence in readied.failed:
        report(sentence)
    if args.json:
        table = asdict(readied) | {"site": asdict(native.site(board)), "engines": str(engines)}
        print(json.dumps(table, indent=1))
    else:
        for line in told(readied):
            print(line)
    return SOME_WITHOUT if readied.failed else 0


def _list(args: Namespace) -> int:
    needed = needed_engines(args.root, build_site(TreeIO()), _native())
    rows = [
        {
            "key": engine.name,
            "bytes": engine.size_bytes,
            "used": datetime.fromtimestamp(engine.used_s, timezone.utc).isoformat(timespec="seconds"),
            "needed": engine.name in needed,
            "card": engine.card,
        }
        for engine in kept_engines(engine_folder(args.root))
    ]
    if args.json:
        print(json.dumps({"engines": rows}, indent=1))
        return 0
    for row in rows:
        card = row["card"] if isinstance(row["card"], dict) else {}
        key = card.get("key", {})
        site = key.get("site", {})
        use = "used by an installed bundle" if row["needed"] else "used by nothing installed"
        print(
            f"{str(row['key'])[:12]}  {int(str(row['bytes'])) / MIB:7.1f} MB  last used {row['used']}  {use}\n"
            f"    {key.get('precision')}, TensorRT {site.get('tensorrt')}, {site.get('soc') or site.get('gpu')},"
            f" {key.get('builder')}; {card.get('origin', 'of unknown origin')}"
        )
    print(f"{len(rows)} engines under {engine_folder(args.root)}")
    return 0


def _prune(args: Namespace) -> int:
    if not 0 <= args.max_mb < math.inf:
        raise ConfigError(f"--max-mb must be 0 or more, got {args.max_mb:g}", to_do="0 keeps what is in use only")
    folder = engine_folder(args.root)
    sweep_engines(folder)
    needed = needed_engines(args.root, build_site(TreeIO()), _native())
    removed = prune_engines(folder, int(args.max_mb * MIB), needed)
    if args.json:
        print(json.dumps({"removed": [engine.name for engine in removed]}, indent=1))
        return 0
    freed = sum(engine.size_bytes for engine in removed)
    print(f"{len(removed)} engines removed, {freed / MIB:.1f} MB; {len(needed)} that installed bundles use are kept")
    return 0


def _native() -> NativeTensorRt | None:
    try:
        return native_tensorrt()
    except EngineError:
        return None
