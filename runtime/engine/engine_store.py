"""Engines that were built here, or vouched for, one folder per key; and which of them may go.

    ENGINES/<key>/engine.plan    the engine
    ENGINES/<key>/engine.json    the key in full, the plan's SHA-256, and how the engine came here
    ENGINES/timing-<site>.cache  what single layers took on this board, for later builds

Who may write to this folder may run code as whoever serves from it: it is below the install root, and has its rights.
ONNX Runtime's TensorRT provider keeps its own files in folders of the same kind, whose card has no SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.contract.durable import sync_folder, write_file
from runtime.contract.errors import EngineError, StorageError
from runtime.contract.fingerprint import json_sha256

from .engine_key import BuildSite, EngineKey

PLAN, CARD = "engine.plan", "engine.json"
WRITING = ".writing-"
CARD_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Engine:
    """One that is kept."""

    name: str  # of its key
    folder: Path
    size_bytes: int
    used_s: float  # when it was loaded last, seconds since 1970
    card: dict[str, Any] | None  # engine.json; None: none that can be read


def put_engine(folder: Path, key: EngineKey, plan: bytes, origin: str) -> Path:
    """Keep an engine under its key, in one step. Raises OSError.

    Args:
        folder: ENGINES.
        origin: how it came here, in words.
    """
    target, writing = folder / key.name, folder / f"{WRITING}{key.name}-{os.getpid()}"
    card = _card(key, origin) | {"plan_sha256": hashlib.sha256(plan).hexdigest()}
    try:
        writing.mkdir(parents=True)
        for name, content in ((PLAN, plan), (CARD, _written(card))):
            with (writing / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        sync_folder(writing)
        shutil.rmtree(target, ignore_errors=True)  # a damaged one; a sound one is not built again
        writing.rename(target)
        sync_folder(folder)
    finally:
        shutil.rmtree(writing, ignore_errors=True)
    return target


def onnx_runtimes_folder(folder: Path, key: EngineKey) -> Path:
    """Where ONNX Runtime may keep what it builds for that key; it counts as used now. Raises OSError."""
    target = folder / key.name
    target.mkdir(parents=True, exist_ok=True)
    write_file(target / CARD, _written(_card(key, "built here by ONNX Runtime")))
    return target


def get_engine(folder: Path, key: EngineKey) -> bytes | None:
    """The engine of a key; None where none is kept, or a damaged one. It counts as used now."""
    target = folder / key.name
    try:
        card = json.loads((target / CARD).read_text(encoding="utf-8"))
        plan = (target / PLAN).read_bytes()
        if card["plan_sha256"] != hashlib.sha256(plan).hexdigest():
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    with suppress(OSError):  # who serves may read only
        os.utime(target / CARD)
    return plan


def kept_engines(folder: Path) -> tuple[Engine, ...]:
    """All of them, the one used last first. Raises StorageError where the folder cannot be read."""
    if not folder.is_dir():
        return ()
    try:
        found = [_engine(path) for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError as error:
        raise StorageError(f"the engines cannot be listed: {error.strerror}", where=str(folder)) from error
    return tuple(sorted(found, key=lambda engine: (-engine.used_s, engine.name)))


def prune_engines(folder: Path, most_bytes: int, needed: Collection[str]) -> tuple[Engine, ...]:
    """Remove the engines that were not used for longest until the rest fits; those removed.

    Args:
        most_bytes: that engines may take in all.
        needed: names of keys that stay whatever they take: an installed bundle uses them.
    Raises:
        StorageError: one cannot be removed.
    """
    kept = kept_engines(folder)
    total_bytes = sum(engine.size_bytes for engine in kept)
    removed = []
    for engine in reversed(kept):
        if total_bytes <= most_bytes:
            break
        if engine.name in needed:
            continue
        try:
            shutil.rmtree(engine.folder)
        except OSError as error:
            raise StorageError(
                f"an engine cannot be removed: {error.strerror}",
                where=str(engine.folder),
                to_do="prune with the rights to write there",
            ) from error
        removed.append(engine)
        total_bytes -= engine.size_bytes
    return tuple(removed)


def sweep_engines(folder: Path) -> None:
    """Remove what a build left behind when the power went. Raises OSError."""
    if folder.is_dir():
        for path in folder.glob(f"{WRITING}*"):
            shutil.rmtree(path)


def timing_cache(folder: Path, site: BuildSite) -> Path:
    """The file of layers' times at a site."""
    return folder / f"timing-{json_sha256(asdict(site))[:16]}.cache"


def read_card(folder: Path) -> tuple[EngineKey, str]:
    """Key and plan's SHA-256 of an engine's folder. Raises EngineError where its `engine.json` says neither."""
    path = folder / CARD
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        table = card["key"]
        key = EngineKey(**(table | {"site": BuildSite(**table["site"]), "shapes": dict(table["shapes"])}))
        digest = str(card["plan_sha256"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EngineError(
            f"{CARD} cannot be read: {error!r}", where=str(path), to_do="build the engine again, or copy it again"
        ) from error
    if key.name != folder.name:
        raise EngineError(
            f"{CARD} is of another key than its folder's name", where=str(path), to_do="copy the engine again"
        )
    return key, digest


def _card(key: EngineKey, origin: str) -> dict[str, Any]:
    return {
        "format_version": CARD_VERSION,
        "key": asdict(key) | {"shapes": dict(key.shapes)},
        "origin": origin,
    }


def _written(card: dict[str, Any]) -> bytes:
    return f"{json.dumps(card, indent=1)}\n".encode()


def _engine(folder: Path) -> Engine:
    files: Sequence[Path] = [path for path in folder.rglob("*") if path.is_file()]
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        card = None
    used_s = (
        (folder / CARD).stat().st_mtime
        if card is not None
        else max((path.stat().st_mtime for path in files), default=folder.stat().st_mtime)
    )
    return Engine(
        folder.name,
        folder,
        sum(path.stat().st_size for path in files),
        used_s,
        card if isinstance(card, dict) else None,
    )
