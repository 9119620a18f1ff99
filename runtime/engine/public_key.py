"""The public half of a signing key: an Ed25519 key in a PEM file, as `codesign sign --new-key` and OpenSSL write it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runtime.contract.bundle_signature import key_id_of
from runtime.contract.errors import ConfigError

MAX_FILE_BYTES = 1 << 16
NEEDS = "signatures need the package cryptography"
INSTALL = "pip install 'edge-codesign[sign]'"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures can be checked against."""

    raw: bytes  # 32 bytes
    where: str

    @property
    def key_id(self) -> str:
        """Its name in signatures."""
        return key_id_of(self.raw)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether this key signed that message. Raises ConfigError where cryptography is not installed."""
        try:
            from cryptography.exceptions import InvalidSignature
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        except ImportError as error:
            raise ConfigError(NEEDS, where=self.where, to_do=INSTALL) from error
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def read_public_key(path: Path) -> PublicKey:
    """Read a PEM file.

    Raises:
        ConfigError: not there, no PEM, a private key, a key of another kind, or cryptography is not installed.
    """
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError as error:
        raise ConfigError(NEEDS, where=str(path), to_do=INSTALL) from error
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigError(f"the key cannot be read: {error.strerror}", where=str(path)) from error
    if b"PRIVATE KEY" in content:
        raise ConfigError(
            "this is a private key; whoever has it can sign bundles",
            where=str(path),
            to_do="give the public one (FILE.pub beside it), and keep the private one off boards",
        )
    try:
        key = serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_a_key(path, str(error)) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _not_a_key(path, f"it holds a {type(key).__name__}")
    return PublicKey(key.public_bytes_raw(), str(path))


def _not_a_key(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"this is not an Ed25519 public key in PEM: {why}",
        where=str(path),
        to_do="give the FILE.pub that `codesign sign --key FILE --new-key` wrote",
    )
