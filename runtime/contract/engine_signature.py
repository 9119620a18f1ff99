"""`engines/<key>/signature.json`: who vouches for an engine that came with a bundle.

An engine is code for the GPU and for TensorRT, made after the bundle's id was: the bundle's signature cannot cover it.
What is signed is its key, which holds what it was built from and where, and the SHA-256 of its bytes. Ed25519, the keys
that sign bundles, another purpose: neither signature stands for the other.
"""

from __future__ import annotations

import json
from pathlib import Path

from .bundle_files import SIGNATURE
from .bundle_signature import Signature, Signatures, read_signatures
from .durable import write_file

PURPOSE = b"edge-codesign engine 1\n"


def engine_id(key_name: str, plan_sha256: str) -> str:
    """What names an engine in its signature file."""
    return f"{key_name}-{plan_sha256}"


def signed_engine_message(key_name: str, plan_sha256: str) -> bytes:
    """The bytes that are signed for an engine."""
    return PURPOSE + engine_id(key_name, plan_sha256).encode()


def add_engine_signature(folder: Path, key_name: str, plan_sha256: str, own: Signature) -> None:
    """Write a signature beside an engine; those of the same engine by other keys stay.

    Raises:
        BundleError: there is a signature file that cannot be read.
        OSError: it cannot be written.
    """
    before, name = read_signatures(folder), engine_id(key_name, plan_sha256)
    others = () if before is None or before.bundle_id != name else before.by
    by = (*(other for other in others if other.key_id != own.key_id), own)
    write_file(folder / SIGNATURE, f"{json.dumps(Signatures(name, by).to_json(), indent=1)}\n".encode())
