"""Have a board build a bundle's TensorRT engines, and bring them into the bundle, for a fleet of that kind.

    codesign engines build/photos --from ssh://user@board          # a run folder, or a bundle
    codesign sign build/photos/bundle --key fleet.key              # else no other board takes them over

Engines belong to one version of TensorRT and one kind of board, down to its power mode: others pass over them and build
their own. Ask a board of every kind in the fleet. The bundle's id does not change, so this may be done at any time.

Exit status: 0 every stage has an engine; 1 some stage has none there, and why is said; 2 nothing could be done.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from codesign.walk.engines_far import Fetched, fetch_engines
from codesign.walk.measure_run import Programs
from codesign.walk.measure_target import MeasureTarget, measure_target
from runtime.contract.manifest import MANIFEST

SOME_WITHOUT = 1


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "folder", type=Path, metavar="RUN", help="a run folder of `codesign compile`, or a bundle folder"
    )
    parser.add_argument(
        "--from",
        dest="board",
        required=True,
        metavar="WHERE",
        help="ssh://user@host[:port][/path/to/edge-runtime], or local (this machine)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: Namespace) -> int:
    """Fetch them and say what there is."""
    target = measure_target(args.board, option="--from")
    bundle = args.folder if (args.folder / MANIFEST).is_file() else args.folder / "bundle"
    fetched = fetch_engines(bundle, target, _tick, Programs())
    if args.json:
        table = {
            "bundle": str(bundle),
            "from": str(target),
            "engines": [key.name for key in fetched.keys],
            "added": fetched.added,
            "without": fetched.without,
        }
        print(json.dumps(table, indent=1))
    else:
        print_fetched(bundle, target, fetched)
    return SOME_WITHOUT if fetched.without is not None else 0


def fetch_all(bundles: Sequence[Path], target: MeasureTarget, *, quiet: bool) -> bool:
    """The same for the bundles of a compilation; whether every stage has an engine. Raises as `fetch_engines`."""
    complete = True
    for bundle in bundles:
        fetched = fetch_engines(bundle, target, _tick, Programs())
        complete &= fetched.without is None
        if quiet:  # stdout is for JSON
            _say_without(fetched)
        else:
            print_fetched(bundle, target, fetched)
    return complete


def print_fetched(bundle: Path, target: MeasureTarget, fetched: Fetched) -> None:
    """For a person, on stderr where something is missing."""
    sites = {(key.site.soc or key.site.gpu, key.site.tensorrt) for key in fetched.keys}
    what = "; ".join(f"{board}, TensorRT {version}" for board, version in sorted(map(_words, sites)))
    print(f"{bundle}: {len(fetched.keys)} engines from {target} ({what or 'none'}), {fetched.added} of them new")
    _say_without(fetched)
    if fetched.keys:
        print("  to have boards take them over: codesign sign BUNDLE --key FILE, its .pub in their ROOT/trusted_keys")


def _say_without(fetched: Fetched) -> None:
    if fetched.without is not None:
        print(f"codesign: some stages have no engine there\n    {fetched.without}", file=sys.stderr)


def _words(site: tuple[str | None, str | None]) -> tuple[str, str]:
    return site[0] or "unnamed board", site[1] or "of unknown version"


def _tick(done: int, total: int, what: str) -> None:
    print(f"{done}/{total} {what}", file=sys.stderr, flush=True)
