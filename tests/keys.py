"""Signing keys for tests, the same in every run."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from codesign.bundle.sign import public_file


def write_key(key_file: Path, number: int = 1) -> Path:
    """Write key `number` to `key_file`, its public half beside it; the private file."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    public_file(key_file).write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return key_file


def trust(root: Path, key_file: Path) -> None:
    """Have an install root trust the public half of that key."""
    folder = root / "trusted_keys"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{key_file.name}.pub").write_bytes(public_file(key_file).read_bytes())
