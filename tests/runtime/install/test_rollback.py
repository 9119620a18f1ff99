"""Back to what was current before."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from codesign.bundle.sign import sign
from runtime.contract.errors import BundleError, StorageError
from runtime.engine.bundle import open_bundle
from runtime.install import rollback
from runtime.install.activate import install
from runtime.install.rollback import roll_back
from runtime.install.root import read_state
from tests.keys import trust, write_key

from .conftest import id_of


def test_each_rollback_goes_one_bundle_back(bundle: Path, other_bundle: Path, root: Path) -> None:
    install(bundle, root)
    install(other_bundle, root)
    install(bundle, root)
    assert roll_back(root).bundle_id == id_of(other_bundle)
    assert open_bundle(root).manifest.bundle_id == id_of(other_bundle)
    assert roll_back(root).bundle_id == id_of(bundle)
    assert read_state(root).history == (id_of(bundle),)
    with pytest.raises(BundleError, match="no previous bundle to return to"):
        roll_back(root)


def test_an_empty_root_has_nothing_to_return_to_and_stays_empty(root: Path) -> None:
    with pytest.raises(BundleError, match="no previous bundle to return to"):
        roll_back(root)
    assert not root.exists()


def test_a_damaged_current_bundle_does_not_hinder_a_rollback(bundle: Path, other_bundle: Path, root: Path) -> None:
    install(bundle, root)
    (install(other_bundle, root).path / "policy.json").unlink()
    assert roll_back(root).bundle_id == id_of(bundle)


def test_a_damaged_previous_bundle_is_not_returned_to(bundle: Path, other_bundle: Path, root: Path) -> None:
    (install(bundle, root).path / "policy.json").unlink()
    install(other_bundle, root)
    with pytest.raises(BundleError, match=r"policy\.json is missing"):
        roll_back(root)
    assert open_bundle(root).manifest.bundle_id == id_of(other_bundle)


def test_a_rollback_that_may_not_write_changes_nothing(
    bundle: Path, other_bundle: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(bundle, root)
    install(other_bundle, root)

    def refused(*_: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(rollback, "switch_link", refused)
    with pytest.raises(StorageError, match="cannot roll back: Permission denied"):
        roll_back(root)
    assert read_state(root).current == id_of(other_bundle)


def test_what_is_not_signed_as_the_root_demands_is_not_returned_to(
    bundle: Path, other_bundle: Path, root: Path, tmp_path: Path
) -> None:
    install(bundle, root)
    key = write_key(tmp_path / "ours.key")
    sign(other_bundle, key)
    install(other_bundle, root)
    trust(root, key)
    with pytest.raises(BundleError, match="is not signed"):
        roll_back(root)
    assert read_state(root).current == id_of(other_bundle)
