"""Refine a bundle by what it cost in the field: new clocks and thresholds for the same networks, and why.

    codesign refine --telemetry fleet --run build/photos --dry-run
    codesign refine --telemetry fleet --run build/photos --out build/photos/refined

Reads what `codesign collect` keeps of the run's bundle, corrects the terms of the board's cost model and the mix of
exits, solves exits, thresholds and clocks again, and, if that is worth it, writes OUT/bundle, OUT/diff.md and
OUT/refined.json. Accuracy is asked of the run's labelled images; new ones, given with --data, are certified on instead.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from runtime.contract.errors import ConfigError

from .cache_folder import default_cache

if TYPE_CHECKING:
    from codesign.walk.refine_step import Refinement


WRITTEN = {"bundle", "diff.md", "refined.json"}


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--telemetry", required=True, type=Path, metavar="DIR", help="the --store of codesign collect")
    parser.add_argument(
        "--run", required=True, type=Path, metavar="DIR", help="the --out of the codesign compile", dest="folder"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="what to write (default: RUN/refined)")
    parser.add_argument(
        "--data",
        metavar="SPEC",
        help="newly labelled images that nothing has seen, to certify on: as codesign evaluate",
    )
    parser.add_argument(
        "--served",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="the --out of an earlier refinement whose bundle is served; again for others, the latest last",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
    parser.add_argument(
        "--always", action="store_true", help="write a bundle even where no mode changes: its promises are refined"
    )
    rows = parser.add_argument_group("which rows")
    rows.add_argument("--unit", metavar="DEVICE", help="a bundle for this one device; all units are learnt from")
    rows.add_argument("--since", metavar="TIME", help="rows from then on, such as 2026-05-01 or 2026-05-01T12:00 (UTC)")
    rows.add_argument("--until", metavar="TIME", help="rows before then")
    rows.add_argument(
        "--min-rows", type=int, default=5, metavar="N", help="images of one exit at the same clocks (default: 5)"
    )
    parser.add_argument(
        "--min-saving", type=float, default=0.01, metavar="SHARE", help="that a change must be worth (default: 0.01)"
    )
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="where trained supernets are kept (default: as compile)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the splits of --data (default: 0)")
    parser.add_argument("--json", action="store_true", help="print what would change as JSON")


def run(args: Namespace) -> int:
    """Learn, solve, and write what is worth it."""
    from codesign.walk.refine_step import RefineOptions, refined
    from codesign.walk.refined_bundle import write_refined
    from codesign.walk.served_modes import of_refinement, of_run

    options = RefineOptions(args.min_rows, args.min_saving, args.unit, _wall_us(args.since), _wall_us(args.until))
    settings = _settings(args.folder)
    out = args.out or args.folder / "refined"
    if not args.dry_run and any(out.resolve() == served.resolve() for served in args.served):
        raise ConfigError("a bundle that is served is not overwritten", where="--out", to_do="choose another folder")
    if not args.dry_run and out.exists() and not {path.name for path in out.iterdir()} <= WRITTEN:
        raise ConfigError(f"{out} holds something else", where="--out", to_do="choose another folder")
    with _asked(args.telemetry) as ask:
        walked = _walked(settings, args)
        new = _new_images(args, walked)
        bundles = [of_run(walked), *(of_refinement(folder, walked) for folder in args.served)]
        refinement = refined(settings, walked, bundles, ask, options, new)
    written = None
    if not args.dry_run and (refinement.changed or args.always):
        out.mkdir(parents=True, exist_ok=True)
        written = write_refined(out / "bundle", settings, walked, refinement).bundle_id
        _write(out, refinement.told | {"bundle_id": written})
    _tell(args, refinement, written, out)
    return 0


def _settings(folder: Path) -> Any:
    """The options that the run was compiled with."""
    from codesign.walk.run_folder import read_settings
    from codesign.walk.settings import Settings

    settings = Settings.from_json(read_settings(folder))
    if not (folder / "bundle" / "manifest.json").is_file():
        raise ConfigError(f"{folder} holds no bundle", where="--run", to_do="finish it: codesign compile … --resume")
    return settings


@contextmanager
def _asked(store_at: Path) -> Iterator[Any]:
    """Questions to the collected set."""
    try:
        from codesign.collect.store import Store
        from codesign.fleet.questions import ask_sql
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"reading telemetry needs {error.name}", to_do="pip install 'edge-codesign[collect]'"
        ) from error
    with Store(store_at, must_exist=True) as store:
        yield partial(ask_sql, store)


def _walked(settings: Any, args: Namespace) -> Any:
    """The run taken up again up to its modes; nothing is trained or searched that was kept."""
    from codesign.walk.compile import walk_to_modes
    from codesign.walk.progress import Steps
    from codesign.walk.run_folder import noted_cache

    quiet = Steps(Console(stderr=True, quiet=args.json))
    cache = args.cache or noted_cache(args.folder) or default_cache()
    return walk_to_modes(settings, args.folder, cache, resume=True, steps=quiet)


def _new_images(args: Namespace, walked: Any) -> Any:
    """What --data names; answers are kept by its content, since files change under the same name."""
    if args.data is None:
        return None
    from codesign.data.named_images import images_for
    from codesign.walk.refined_certificate import NewImages
    from runtime.contract.fingerprint import arrays_sha256

    found = images_for(args.data, walked.data.input, walked.data.classes, args.seed)
    digest = arrays_sha256(found.images, found.labels)[:12]
    return NewImages(found, args.folder / f"field_logs-{digest}")


def _wall_us(text: str | None) -> int | None:
    """A moment in UTC."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no time", to_do="write it like 2026-05-01 or 2026-05-01T12:00") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1e6)


def _write(out: Path, told: dict[str, Any]) -> None:
    from codesign.refine.difference import page
    from codesign.walk.run_folder import write_text

    write_text(out / "diff.md", page(told))
    write_text(out / "refined.json", json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _tell(args: Namespace, refinement: Refinement, written: str | None, out: Path) -> None:
    told = refinement.told | {"bundle_id": written}
    if args.json:
        print(json.dumps(told, ensure_ascii=False, allow_nan=False))
        return
    from rich.markdown import Markdown

    from codesign.refine.difference import page

    console = Console()
    console.print(Markdown(page(told)))
    if written is not None:
        console.print(f"\nbundle  {out / 'bundle'} ({written[:12]})\nchanges {out / 'diff.md'}", highlight=False)
    elif refinement.changed:
        console.print("\nNothing was written: --dry-run.", highlight=False)
    else:
        why = "write its refined promises with --always" if not args.dry_run else "nothing would be written"
        console.print(f"\nNothing is worth changing; {why}.", highlight=False)
