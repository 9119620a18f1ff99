"""Returns to the bundle that was current before."""

from __future__ import annotations

from pathlib import Path

from runtime.contract.bundle_files import check_files
from runtime.contract.errors import BundleError, StorageError
from runtime.contract.manifest import Manifest, read_manifest
from runtime.engine.trust import check_trust

from .one_writer import only_one_writer
from .root import BUNDLES, bundle_path, read_state, switch_link, write_history


def roll_back(root: Path) -> Manifest:
    """Switch to the previous bundle, after checking that it is still whole; its manifest.

    Raises:
        BundleError: no previous bundle, or it is damaged or not signed as the root demands; the current one stays.
        ConfigError: trusted keys that cannot be read.
        StorageError: missing permission, or another install at work.
    """
    if not (root / BUNDLES).is_dir():
        raise _nothing_before(root)
    try:
        with only_one_writer(root):
            state = read_state(root)
            if state.previous is None:
                raise _nothing_before(root)
            path = bundle_path(root, state.previous)
            manifest = read_manifest(path)
            check_trust(root, path, manifest.bundle_id)
            check_files(path, manifest)
            switch_link(root, state.previous)
            write_history(root, state.history[:-1])
    except OSError as error:
        raise StorageError(
            f"cannot roll back: {error.strerror or error}",
            where=str(error.filename or root),
            to_do="roll back with the rights to write there",
        ) from error
    return manifest


def _nothing_before(root: Path) -> BundleError:
    return BundleError(
        "there is no previous bundle to return to", where=str(root), to_do="install one: edge-runtime install BUNDLE"
    )
