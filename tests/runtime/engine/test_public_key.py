"""Public keys are read from PEM, and nothing else is taken for one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from codesign.bundle.sign import public_file
from runtime.contract.bundle_signature import key_id_of
from runtime.contract.errors import ConfigError
from runtime.engine.public_key import PublicKey, read_public_key
from tests.keys import write_key

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)


def test_a_key_verifies_what_it_signed_and_nothing_else(tmp_path: Path) -> None:
    key = read_public_key(public_file(write_key(tmp_path / "fleet.key", 1)))
    assert key.key_id == key_id_of(PRIVATE.public_key().public_bytes_raw())
    signature = PRIVATE.sign(b"a message")
    assert key.verifies(b"a message", signature)
    assert not key.verifies(b"another", signature)
    assert not key.verifies(b"a message", bytes(64))


def test_a_private_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"private key(.|\n)*FILE\.pub"):
        read_public_key(write_key(tmp_path / "fleet.key"))


def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    (tmp_path / "ec.pub").write_bytes(
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(ConfigError, match=r"not an Ed25519 public key in PEM: it holds a \w+"):
        read_public_key(tmp_path / "ec.pub")


@pytest.mark.parametrize("content", [b"", b"rubbish", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_rubbish_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.pub").write_bytes(content)
    with pytest.raises(ConfigError, match="not an Ed25519 public key"):
        read_public_key(tmp_path / "x.pub")


def test_a_missing_key_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the key cannot be read: No such file"):
        read_public_key(tmp_path / "nowhere.pub")


def test_without_cryptography_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = public_file(write_key(tmp_path / "fleet.key"))
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ConfigError, match=r"need the package cryptography(.|\n)*edge-codesign\[sign\]"):
        read_public_key(file)
    with pytest.raises(ConfigError, match="need the package cryptography"):
        PublicKey(bytes(32), "here").verifies(b"", bytes(64))
