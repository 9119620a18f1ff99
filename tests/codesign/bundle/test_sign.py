"""Bundles are signed whole, by keys that only their owner can read."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from codesign.bundle.sign import new_key, public_file, sign
from runtime.contract.bundle_signature import read_signatures, signed_message
from runtime.contract.errors import BundleError, ConfigError
from runtime.contract.manifest import read_manifest
from runtime.engine.public_key import read_public_key
from tests.keys import write_key
from tests.rewritten import with_manifest
from tests.tiny_cascade import write_tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_tiny_bundle(tmp_path / "bundle")
    return tmp_path / "bundle"


def signers(bundle: Path) -> list[str]:
    found = read_signatures(bundle)
    return [] if found is None else [one.key_id for one in found.by]


def test_a_new_key_signs_what_its_public_half_verifies(bundle: Path, tmp_path: Path) -> None:
    made = new_key(tmp_path / "fleet.key")
    signer = sign(bundle, tmp_path / "fleet.key")
    found = read_signatures(bundle)
    assert found is not None
    assert found.bundle_id == read_manifest(bundle).bundle_id
    public = read_public_key(tmp_path / "fleet.key.pub")
    assert public.key_id == made.key_id == signer.key_id == found.by[0].key_id
    assert public.verifies(signed_message(found.bundle_id), found.by[0].value)


def test_only_its_owner_may_read_a_private_key(tmp_path: Path) -> None:
    new_key(tmp_path / "fleet.key")
    assert (tmp_path / "fleet.key").stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    new_key(tmp_path / "fleet.key")
    for file in (tmp_path / "fleet.key", tmp_path / "fleet.key.pub"):
        with pytest.raises(ConfigError, match="there is a key already"):
            new_key(tmp_path / "fleet.key")
        file.unlink()


def test_the_id_stays_and_signing_again_changes_nothing(bundle: Path, tmp_path: Path) -> None:
    key, before = write_key(tmp_path / "k"), read_manifest(bundle)
    sign(bundle, key)
    once = (bundle / "signature.json").read_bytes()
    sign(bundle, key)
    assert (bundle / "signature.json").read_bytes() == once
    assert read_manifest(bundle) == before


def test_signatures_of_an_earlier_content_are_dropped_those_of_this_one_kept(bundle: Path, tmp_path: Path) -> None:
    keys = [write_key(tmp_path / f"k{number}", number) for number in (1, 2, 3)]
    ids = [read_public_key(public_file(key)).key_id for key in keys]
    sign(bundle, keys[0])
    with_manifest(bundle, lambda table: table.update(board="toaster"))
    sign(bundle, keys[1])
    sign(bundle, keys[2])
    assert signers(bundle) == ids[1:]


def test_a_damaged_bundle_is_not_signed(bundle: Path, tmp_path: Path) -> None:
    (bundle / "policy.json").write_text("{}")
    with pytest.raises(BundleError, match=r"policy\.json was changed"):
        sign(bundle, write_key(tmp_path / "k"))
    assert read_signatures(bundle) is None


def test_a_missing_key_is_an_error(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such key(.|\n)*--new-key"):
        sign(bundle, tmp_path / "k")


def test_a_public_key_an_other_kind_and_rubbish_sign_nothing(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "rubbish").write_text("rubbish")
    (tmp_path / "ec").write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    for file in (public_file(write_key(tmp_path / "k")), tmp_path / "rubbish", tmp_path / "ec"):
        with pytest.raises(ConfigError, match="not an Ed25519 private key in PEM"):
            sign(bundle, file)


def test_an_encrypted_key_is_told_apart(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(ConfigError, match=r"the key is encrypted(.|\n)*openssl pkey"):
        sign(bundle, tmp_path / "k")


def test_a_folder_is_no_key(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the key cannot be read: Is a directory"):
        sign(bundle, tmp_path)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here")
def test_a_key_of_openssl_will_do(bundle: Path, tmp_path: Path) -> None:
    key = tmp_path / "k"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, capture_output=True)  # noqa: S607
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", f"{key}.pub"], check=True, capture_output=True)  # noqa: S607
    assert sign(bundle, key).key_id == read_public_key(public_file(key)).key_id


def test_without_cryptography_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    for step in (lambda: new_key(tmp_path / "k"), lambda: sign(tmp_path, tmp_path / "k")):
        with pytest.raises(ConfigError, match=r"need the package cryptography(.|\n)*edge-codesign\[sign\]"):
            step()
