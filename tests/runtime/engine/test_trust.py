"""Where a root trusts keys, only what they signed is opened, and whatever else is told apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from codesign.bundle.sign import public_file, sign
from runtime.contract.errors import BundleError, ConfigError
from runtime.contract.manifest import read_manifest
from runtime.engine.bundle import open_bundle
from runtime.engine.trust import Demand, check_trust, demand_for, demand_of
from runtime.serve.limits import Limits
from runtime.serve.served_bundle import load
from tests.keys import trust, write_key
from tests.rewritten import with_manifest


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    return write_key(tmp_path / "keys" / "ours.key", 1)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return write_key(tmp_path / "keys" / "theirs.key", 2)


def id_of(bundle: Path) -> str:
    return read_manifest(bundle).bundle_id


def demand(*key_files: Path) -> Demand:
    return demand_for([public_file(file) for file in key_files], by="the test")


def test_a_bundle_signed_by_a_trusted_key_meets_the_demand(bundle: Path, ours: Path, theirs: Path) -> None:
    signer = sign(bundle, ours)
    assert demand(theirs, ours).check(bundle, id_of(bundle)).key_id == signer.key_id


def test_one_trusted_signature_among_several_is_enough(bundle: Path, ours: Path, theirs: Path) -> None:
    sign(bundle, theirs)
    sign(bundle, ours)
    assert demand(ours).check(bundle, id_of(bundle))
    assert demand(theirs).check(bundle, id_of(bundle))


def test_an_unsigned_bundle_is_refused(bundle: Path, ours: Path) -> None:
    with pytest.raises(BundleError, match=r"is not signed; the test demands a signature by [0-9a-f]{12}\n(.|\n)*sign"):
        demand(ours).check(bundle, id_of(bundle))


def test_a_signature_by_a_stranger_is_refused(bundle: Path, ours: Path, theirs: Path) -> None:
    sign(bundle, theirs)
    with pytest.raises(BundleError, match=r"signed by [0-9a-f]{12}; the test demands a signature by [0-9a-f]{12}"):
        demand(ours).check(bundle, id_of(bundle))


def test_a_bundle_that_was_changed_and_named_anew_is_refused(bundle: Path, ours: Path) -> None:
    sign(bundle, ours)
    with_manifest(bundle, lambda table: table.update(board="toaster"))
    with pytest.raises(BundleError, match=r"for another bundle .* changed or compiled again after it was signed"):
        demand(ours).check(bundle, id_of(bundle))


def test_a_signature_moved_to_another_bundle_does_not_fit(bundle: Path, ours: Path) -> None:
    sign(bundle, ours)
    with_manifest(bundle, lambda table: table.update(board="toaster"))
    table = json.loads((bundle / "signature.json").read_text())
    (bundle / "signature.json").write_text(json.dumps({**table, "bundle_id": id_of(bundle)}))
    with pytest.raises(BundleError, match="does not fit the bundle: one of them was changed"):
        demand(ours).check(bundle, id_of(bundle))


def test_a_strangers_signature_under_a_trusted_name_does_not_fit(bundle: Path, ours: Path, theirs: Path) -> None:
    sign(bundle, theirs)
    table = json.loads((bundle / "signature.json").read_text())
    table["signatures"][0]["key_id"] = demand(ours).keys[0].key_id
    (bundle / "signature.json").write_text(json.dumps(table))
    with pytest.raises(BundleError, match="does not fit"):
        demand(ours).check(bundle, id_of(bundle))


def test_a_root_without_the_folder_demands_nothing(tmp_path: Path, bundle: Path) -> None:
    assert demand_of(tmp_path / "root") is None
    assert check_trust(tmp_path / "root", bundle, id_of(bundle)) is None


def test_a_folder_without_keys_trusts_nobody(tmp_path: Path) -> None:
    (tmp_path / "trusted_keys").mkdir()
    (tmp_path / "trusted_keys" / ".gitkeep").touch()
    with pytest.raises(ConfigError, match="demands a signature and trusts no key"):
        demand_of(tmp_path)


def test_a_file_in_place_of_the_folder_is_not_taken_for_no_demand(tmp_path: Path) -> None:
    (tmp_path / "trusted_keys").write_text("")
    with pytest.raises(ConfigError, match="trusted_keys is not a folder"):
        demand_of(tmp_path)


def test_something_else_among_the_keys_is_an_error(tmp_path: Path, ours: Path) -> None:
    trust(tmp_path / "root", ours)
    (tmp_path / "root" / "trusted_keys" / "notes.txt").write_text("hello")
    with pytest.raises(ConfigError, match="not an Ed25519 public key"):
        demand_of(tmp_path / "root")


def served(root: Path) -> object:
    return load(root, Limits())


@pytest.mark.parametrize("opened", [open_bundle, served], ids=["opened", "served"])
def test_what_is_current_is_loaded_only_where_it_is_signed(
    bundle: Path, ours: Path, tmp_path: Path, opened: Callable[[Path], object]
) -> None:
    root = tmp_path / "root"
    trust(root, ours)
    (root / "current").symlink_to(bundle)
    with pytest.raises(BundleError, match=r"is not signed; .*trusted_keys demands"):
        opened(root)
    sign(bundle, ours)
    assert opened(root)
