"""Is this bundle fit to be served here: whole, understood, for this board, and computing what it should?"""

from __future__ import annotations

from pathlib import Path

from runtime.contract.bundle_files import check_files, read_modes, read_promises
from runtime.contract.errors import BundleError
from runtime.contract.manifest import MANIFEST, Manifest, read_manifest
from runtime.engine.golden import replay_golden


def verified(bundle: Path, *, board: str | None = None) -> Manifest:
    """The manifest of a bundle after checking everything that can be checked without a label.

    Args:
        bundle: a bundle folder.
        board: the name of this board, where its owner wants it compared with the one compiled for.
    Raises:
        BundleError: damaged, incomplete, of a newer major version, for another board, or its golden samples come out
            differently on this machine.
    """
    manifest = read_manifest(bundle)
    if board is not None and board != manifest.board:
        raise BundleError(
            f"the bundle was compiled for {manifest.board!r}, this board is {board!r}",
            where=f"{bundle / MANIFEST}: board",
            to_do=f"codesign compile --board {board}, and install what it writes",
        )
    check_files(bundle, manifest)
    read_promises(bundle, manifest, read_modes(bundle, manifest))
    replay_golden(bundle, manifest)
    return manifest
