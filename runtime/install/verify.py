"""Is this bundle fit to be served here: vouched for, whole, understood, for this board, computing what it should?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runtime.contract.bundle_files import check_files, read_modes, read_promises
from runtime.contract.errors import BundleError
from runtime.contract.manifest import MANIFEST, Manifest, read_manifest
from runtime.engine.golden import replay_golden
from runtime.engine.trust import Demand


def verified(bundle: Path, *, board: str | None = None, demands: Sequence[Demand] = ()) -> Manifest:
    """The manifest of a bundle after checking everything that can be checked without a label.

    Args:
        bundle: a bundle folder.
        board: the name of this board, where its owner wants it compared with the one compiled for.
        demands: signatures that it must have.
    Raises:
        BundleError: damaged, incomplete, of a newer major version, not signed as demanded, for another board, or its
            golden samples come out differently on this machine.
    """
    manifest = read_manifest(bundle)
    for demand in demands:  # first: what nobody vouches for is not loaded
        demand.check(bundle, manifest.bundle_id)
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
