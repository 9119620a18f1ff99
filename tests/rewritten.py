"""Bundles whose content was changed *and* whose manifest agrees again, so that later checks are reached."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runtime.contract.fingerprint import file_sha256, json_sha256
from runtime.contract.manifest import MANIFEST


def with_manifest(bundle: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Apply `change` to the manifest's table, then hash its files and itself anew."""
    path = bundle / MANIFEST
    table = json.loads(path.read_text())
    table.pop("bundle_id")
    table["files"] = {name: file_sha256(bundle / name) for name in table["files"] if (bundle / name).is_file()}
    change(table)
    path.write_text(json.dumps({"bundle_id": json_sha256(table), **table}))


def with_json(bundle: Path, name: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Apply `change` to one of the bundle's JSON files; the manifest lists the new hash."""
    table = json.loads((bundle / name).read_text())
    change(table)
    (bundle / name).write_text(json.dumps(table))
    with_manifest(bundle, lambda _: None)


def with_file(bundle: Path, name: str, content: bytes) -> None:
    """Replace one file; the manifest lists the new hash."""
    (bundle / name).write_bytes(content)
    with_manifest(bundle, lambda _: None)
