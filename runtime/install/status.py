"""What is installed, and whether it is still whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runtime.contract.bundle_files import bundle_folder, check_files, read_modes
from runtime.contract.manifest import Manifest, read_manifest
from runtime.contract.mode import Mode
from runtime.engine.trust import check_trust

from .root import InstallState, read_state


@dataclass(frozen=True, slots=True)
class Status:
    """The current bundle, if any, and the history behind it."""

    root: Path
    state: InstallState
    manifest: Manifest | None  # None: nothing is installed
    modes: tuple[Mode, ...]
    vouched_by: str | None = None  # id of the trusted key that signed it; None: this root demands no signature


def status(root: Path) -> Status:
    """Look at an install root, and hash every file of the current bundle.

    Raises:
        BundleError: the current bundle is damaged, gone, or not signed as the root demands.
        ConfigError: trusted keys that cannot be read.
        StorageError: an unreadable state.json or a foreign `current` link.
    """
    state = read_state(root)
    if state.current is None:
        return Status(root, state, None, ())
    folder = bundle_folder(root)
    manifest = read_manifest(folder)
    signer = check_trust(root, folder, manifest.bundle_id)
    check_files(folder, manifest)
    modes = tuple(read_modes(folder, manifest).values())
    return Status(root, state, manifest, modes, None if signer is None else signer.key_id)
