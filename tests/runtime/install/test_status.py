"""What is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from codesign.bundle.sign import sign
from runtime.contract.errors import BundleError
from runtime.install.activate import install
from runtime.install.status import status
from tests.keys import trust, write_key

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


def test_who_vouches_for_it_is_shown_where_that_is_demanded(bundle: Path, root: Path, tmp_path: Path) -> None:
    key = write_key(tmp_path / "ours.key")
    signer = sign(bundle, key)
    install(bundle, root)
    assert status(root).vouched_by is None
    trust(root, key)
    assert status(root).vouched_by == signer.key_id


def test_a_bundle_that_would_not_be_served_is_reported(bundle: Path, root: Path, tmp_path: Path) -> None:
    install(bundle, root)
    trust(root, write_key(tmp_path / "ours.key"))
    with pytest.raises(BundleError, match="is not signed"):
        status(root)
