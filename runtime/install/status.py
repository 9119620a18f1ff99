"""What is installed, and whether it is still whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runtime.contract.bundle_files import bundle_folder, check_files, read_modes
from runtime.contract.manifest import Manifest, read_manifest
from runtime.contract.mode import Mode

from .root import InstallState, read_state


@dataclass(frozen=True, slots=True)
class Status:
    """The current bundle, if any, and the history behind it."""

    root: Path
    state: InstallState
    manifest: Manifest | None  # None: nothing is installed
    modes: tuple[Mode, ...]


def status(root: Path) -> Status:
    """Look at an install root, and hash every file of the current bundle.

    Raises:
        BundleError: the current bundle is damaged or gone.
        StorageError: an unreadable state.json or a foreign `current` link.
    """
    state = read_state(root)
    if state.current is None:
        return Status(root, state, None, ())
    folder = bundle_folder(root)
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    return Status(root, state, manifest, tuple(read_modes(folder, manifest).values()))
