"""What is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.errors import BundleError
from runtime.install.activate import install
from runtime.install.status import status

from .conftest import id_of


def test_nothing_installed_is_a_state(root: Path) -> None:
    found = status(root)
    assert (found.manifest, found.modes, found.state.current) == (None, (), None)


def test_the_current_bundle_and_its_modes_are_shown(bundle: Path, other_bundle: Path, root: Path) -> None:
    install(bundle, root)
    install(other_bundle, root)
    found = status(root)
    assert found.manifest is not None
    assert found.manifest.bundle_id == id_of(other_bundle)
    assert found.state.previous == id_of(bundle)
    assert [mode.name for mode in found.modes] == list(found.manifest.modes)


def test_a_damaged_bundle_is_reported(bundle: Path, root: Path) -> None:
    (install(bundle, root).path / "golden.npz").unlink()
    with pytest.raises(BundleError, match=r"golden\.npz is missing"):
        status(root)
