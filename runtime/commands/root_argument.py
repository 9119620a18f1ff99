"""The `--root` and `--json` options that every command about installed bundles takes."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

DEFAULT_ROOT = Path("/var/lib/edge-runtime")


def add_root(parser: ArgumentParser) -> None:
    """`--root DIR`: where bundles live."""
    parser.add_argument(
        "--root", type=Path, default=DEFAULT_ROOT, metavar="DIR", help="where bundles live (default: %(default)s)"
    )


def add_json(parser: ArgumentParser) -> None:
    """`--json`: for programs."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
