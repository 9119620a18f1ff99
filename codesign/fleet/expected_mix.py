"""What bundles expect of their exits and entropies, for each mode: read from the bundles that a fleet serves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from runtime.contract.bundle_files import read_modes
from runtime.contract.errors import DataError
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.contract.manifest import MANIFEST, read_manifest

Key = tuple[str, str]  # bundle_id, mode


def expected_mix(folders: Iterable[Path]) -> Mapping[Key, ExpectedAnswers]:
    """Of every bundle in these folders, at any depth; modes that do not say what to expect are left out.

    Raises:
        DataError: a folder without a bundle.
        BundleError: a bundle that cannot be read.
    """
    found: dict[Key, ExpectedAnswers] = {}
    for folder in folders:
        bundles = [path.parent for path in sorted(folder.rglob(MANIFEST))]
        if not bundles:
            raise DataError(f"there is no bundle in {folder}", where=str(folder), to_do="give the folder of a bundle")
        for bundle in bundles:
            manifest = read_manifest(bundle)
            for name, mode in read_modes(bundle, manifest).items():
                if mode.expected_answers is not None:
                    found[manifest.bundle_id, name] = mode.expected_answers
    return found
