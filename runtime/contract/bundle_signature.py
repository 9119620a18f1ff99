"""`signature.json`: who vouches for a bundle, beside the content that its id names.

What is signed is the bundle's id, which is the SHA-256 of its manifest, which holds the SHA-256 of every file: nothing
can change under a signature. The file itself is outside the id, so that a bundle can be signed after it was written,
and by several keys. Ed25519 signatures (RFC 8032); nothing is verified here, see runtime/engine/trust.py.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bundle_files import SIGNATURE
from .errors import BundleError

ED25519 = "ed25519"
SIGNATURE_VERSION = "1.0"
SIGNATURE_BYTES = 64
MAX_FILE_BYTES = 1 << 20
PURPOSE = b"edge-codesign bundle 1\n"  # a signature made for something else by the same key does not fit
SIGN_AGAIN = "codesign sign BUNDLE --key FILE, on the machine that holds the key"


@dataclass(frozen=True, slots=True)
class Signature:
    """One key's word for a bundle."""

    key_id: str  # SHA-256 of the raw public key, in hex
    value: bytes  # 64 bytes


@dataclass(frozen=True, slots=True)
class Signatures:
    """What `signature.json` holds."""

    bundle_id: str
    by: tuple[Signature, ...]

    def to_json(self) -> dict[str, Any]:
        """The file's content."""
        rows = [
            {"key_id": one.key_id, "algorithm": ED25519, "signature": base64.b64encode(one.value).decode()}
            for one in self.by
        ]
        return {"format_version": SIGNATURE_VERSION, "bundle_id": self.bundle_id, "signatures": rows}


def signed_message(bundle_id: str) -> bytes:
    """The bytes that are signed for a bundle."""
    return PURPOSE + bundle_id.encode()


def key_id_of(raw_public_key: bytes) -> str:
    """The name of a key, from its 32 bytes."""
    return hashlib.sha256(raw_public_key).hexdigest()


def read_signatures(bundle: Path) -> Signatures | None:
    """What a bundle's `signature.json` says; None where there is none.

    Signatures by other algorithms than Ed25519 are left out: a later version may add some.

    Raises:
        BundleError: the file is there and cannot be read, is of a newer major version, or lacks something.
    """
    path = bundle / SIGNATURE
    if not path.is_symlink() and not path.exists():
        return None
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
        raise _unreadable(path, "it is not a plain file of a signature's size")
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        _check_version(str(table["format_version"]))
        rows: Sequence[Any] = [row for row in table["signatures"] if row["algorithm"] == ED25519]
        by = tuple(Signature(str(row["key_id"]), _value(row["signature"])) for row in rows)
        return Signatures(str(table["bundle_id"]), by)
    except KeyError as error:
        raise _unreadable(path, f"it lacks {error}") from error
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise _unreadable(path, str(error)) from error


def _check_version(version: str) -> None:
    major = SIGNATURE_VERSION.split(".")[0]
    if version.split(".")[0] != major:
        raise ValueError(f"it has format version {version!r}, this runtime reads {major}.x")


def _unreadable(path: Path, why: str) -> BundleError:
    return BundleError(f"{SIGNATURE} cannot be read: {why}", where=str(path), to_do=SIGN_AGAIN)


def _value(text: object) -> bytes:
    try:
        value = base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise ValueError(f"a signature is not base64: {error}") from error
    if len(value) != SIGNATURE_BYTES:
        raise ValueError(f"a signature has {len(value)} bytes; Ed25519 has {SIGNATURE_BYTES}")
    return value
