"""Makes a verified bundle the current one, in one step that can be undone."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.bundle_files import SIGNATURE, check_files
from runtime.contract.bundle_signature import read_signatures
from runtime.contract.durable import copy_file, sync_folder, write_file
from runtime.contract.errors import BundleError, StorageError
from runtime.contract.manifest import MANIFEST, Manifest, read_manifest
from runtime.engine.trust import Demand, demand_of

from .one_writer import only_one_writer
from .root import BUNDLES, bundle_path, read_state, switch_link, write_history
from .verify import verified

INCOMING, DAMAGED = ".incoming-", ".damaged-"


@dataclass(frozen=True, slots=True)
class Installed:
    """What an install did."""

    manifest: Manifest
    path: Path
    was_current: bool  # nothing had to be done
    previous: str | None  # what a rollback returns to


def install(
    bundle: Path,
    root: Path,
    *,
    board: str | None = None,
    require: Demand | None = None,
    make_ready: Callable[[Path], None] | None = None,
) -> Installed:
    """Verify a bundle, copy it under `root`, and switch to it. Installing what is current changes nothing.

    Args:
        board: the name of this board, to refuse a bundle for another.
        require: a signature to demand, besides what `root` demands by its trusted keys.
        make_ready: is called with the bundle's place under `root` before it becomes current; what it raises leaves
            current what was.
    Raises:
        BundleError: see `verified`; nothing was changed.
        ConfigError: trusted keys that cannot be read.
        StorageError: full disk, missing permission, or another install at work; what was current still is.
    """
    demands = [demand for demand in (require, demand_of(root)) if demand is not None]
    manifest = verified(bundle, board=board, demands=demands)
    try:
        (root / BUNDLES).mkdir(parents=True, exist_ok=True)
        with only_one_writer(root):
            _sweep(root)
            path = _copied(bundle, root, manifest)
        if make_ready is not None:
            make_ready(path)  # without the lock: engines may take an hour, in which one may have to roll back
        with only_one_writer(root):
            state = read_state(root)
            if state.current == manifest.bundle_id:
                return Installed(manifest, path, True, state.previous)
            write_history(root, (*state.history, manifest.bundle_id))
            switch_link(root, manifest.bundle_id)
    except OSError as error:
        raise StorageError(
            f"the bundle cannot be installed: {error.strerror or error}",
            where=str(error.filename or root),
            to_do="free some space, or install with the rights to write there; what was current before still is",
        ) from error
    return Installed(manifest, path, False, state.current)


def _sweep(root: Path) -> None:
    """Remove what an install left behind when the power went."""
    for folder in (root / BUNDLES).iterdir():
        if folder.name.startswith((INCOMING, DAMAGED)):
            shutil.rmtree(folder)


def _copied(bundle: Path, root: Path, manifest: Manifest) -> Path:
    """The bundle's place under `root`, whole: as it lies there already, or copied and then checked."""
    target = bundle_path(root, manifest.bundle_id)
    signed = read_signatures(bundle) is not None
    if target.is_dir() and _is_intact(target):
        if signed:  # perhaps since it was copied
            write_file(target / SIGNATURE, (bundle / SIGNATURE).read_bytes())
        return target
    incoming = target.with_name(f"{INCOMING}{manifest.bundle_id}")
    try:
        folders = {incoming}
        incoming.mkdir()
        for name in (*manifest.files, MANIFEST, *((SIGNATURE,) if signed else ())):
            (incoming / name).parent.mkdir(parents=True, exist_ok=True)
            copy_file(bundle / name, incoming / name)
            folders.update(incoming / parent for parent in Path(name).parents)
        check_files(incoming, manifest)  # a failing disk writes something else without saying so
        for folder in folders:
            sync_folder(folder)
        if target.is_dir():
            target.rename(target.with_name(f"{DAMAGED}{manifest.bundle_id}"))
        incoming.rename(target)
        sync_folder(target.parent)
    except BaseException:  # an interrupt, too, leaves nothing half-copied
        with suppress(OSError):
            shutil.rmtree(incoming, ignore_errors=True)
        raise
    shutil.rmtree(target.with_name(f"{DAMAGED}{manifest.bundle_id}"), ignore_errors=True)
    return target


def _is_intact(folder: Path) -> bool:
    try:
        check_files(folder, read_manifest(folder))
    except BundleError:
        return False
    return True
