"""Signs a bundle with an Ed25519 key, and makes such keys."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.contract.bundle_files import ENGINES, SIGNATURE, check_files
from runtime.contract.bundle_signature import Signature, Signatures, key_id_of, read_signatures, signed_message
from runtime.contract.durable import write_file
from runtime.contract.engine_signature import add_engine_signature, signed_engine_message
from runtime.contract.errors import ConfigError, EngineError
from runtime.contract.fingerprint import file_sha256
from runtime.contract.manifest import read_manifest
from runtime.engine.engine_store import PLAN, read_card
from runtime.engine.public_key import INSTALL, NEEDS, PublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC_SUFFIX = ".pub"


def public_file(key_file: Path) -> Path:
    """Where the public half of a private key's file lies."""
    return key_file.with_name(key_file.name + PUBLIC_SUFFIX)


def new_key(key_file: Path) -> PublicKey:
    """Make a key and return its public half, which lies beside the private one.

    Args:
        key_file: of the private half: PKCS #8, not encrypted, readable by its owner only.

    Raises:
        ConfigError: one of the files is there already, or cryptography is not installed.
        OSError: they cannot be written.
    """
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as error:
        raise ConfigError(NEEDS, to_do=INSTALL) from error
    public = public_file(key_file)
    for path in (key_file, public):
        if path.exists():
            raise ConfigError(
                "there is a key already, and a key that signed something is not replaced",
                where=str(path),
                to_do="leave out --new-key to sign with it, or give another file",
            )
    key = Ed25519PrivateKey.generate()
    private_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # Exclusive, and never readable by others, not even while it is written.
    descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private_pem)
        file.flush()
        os.fsync(file.fileno())
    half = key.public_key()
    write_file(
        public,
        half.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    )
    return PublicKey(half.public_bytes_raw(), str(public))


def sign(bundle: Path, key_file: Path) -> PublicKey:
    """Check a bundle and sign it; signatures of the same bundle by other keys stay. The public half of the key.

    Raises:
        BundleError: the bundle is damaged, or its signature.json unreadable; nothing was written.
        ConfigError: the key cannot be used.
        OSError: signature.json cannot be written.
    """
    key = _read_private_key(key_file)
    manifest = read_manifest(bundle)
    check_files(bundle, manifest)
    public = PublicKey(key.public_key().public_bytes_raw(), str(public_file(key_file)))
    before = read_signatures(bundle)
    others = () if before is None or before.bundle_id != manifest.bundle_id else before.by
    own = Signature(public.key_id, key.sign(signed_message(manifest.bundle_id)))
    by = (*(other for other in others if other.key_id != own.key_id), own)
    table = Signatures(manifest.bundle_id, by).to_json()
    write_file(bundle / SIGNATURE, f"{json.dumps(table, indent=1)}\n".encode())
    return public


def sign_engines(bundle: Path, key_file: Path) -> int:
    """Sign the engines that lie in a bundle's `engines/`, each for itself; how many there are.

    A signature says that the engine came from a board that the signer trusts: look at where you took it from.

    Raises:
        EngineError: an engine is damaged, or its `engine.json` unreadable.
        BundleError: a signature beside an engine is unreadable.
        ConfigError: the key cannot be used.
        OSError: a signature cannot be written.
    """
    folders = sorted(path for path in (bundle / ENGINES).glob("*") if path.is_dir())
    if not folders:
        return 0
    key = _read_private_key(key_file)
    key_id = key_id_of(key.public_key().public_bytes_raw())
    for folder in folders:
        engine_key, digest = read_card(folder)
        if file_sha256(folder / PLAN) != digest:
            raise EngineError(
                f"{PLAN} was changed after it was built", where=str(folder), to_do="codesign engines --from, again"
            )
        signature = Signature(key_id, key.sign(signed_engine_message(engine_key.name, digest)))
        add_engine_signature(folder, engine_key.name, digest, signature)
    return len(folders)


def _read_private_key(key_file: Path) -> Ed25519PrivateKey:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    except ImportError as error:
        raise ConfigError(NEEDS, to_do=INSTALL) from error
    try:
        content = key_file.read_bytes()
    except FileNotFoundError as error:
        raise ConfigError("there is no such key", where=str(key_file), to_do="add --new-key to make one") from error
    except OSError as error:
        raise ConfigError(f"the key cannot be read: {error.strerror}", where=str(key_file)) from error
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except TypeError as error:  # what cryptography raises for a key that needs a password
        raise ConfigError(
            "the key is encrypted",
            where=str(key_file),
            to_do="decrypt it to where only you can read it: openssl pkey -in FILE -out PLAIN",
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_a_key(key_file, str(error)) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _not_a_key(key_file, f"it holds a {type(key).__name__}")
    return key


def _not_a_key(key_file: Path, why: str) -> ConfigError:
    return ConfigError(
        f"this is not an Ed25519 private key in PEM: {why}",
        where=str(key_file),
        to_do="make one: codesign sign --key FILE --new-key, or openssl genpkey -algorithm ed25519 -out FILE",
    )
