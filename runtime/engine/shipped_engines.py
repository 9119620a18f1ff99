"""Engines that came with a bundle: taken over where they are for a board like this one and somebody trusted signed.

A loaded engine is code. What was built here needs nobody's word; what came from elsewhere needs that of a key in the
root's `trusted_keys`, however well its key fits. An engine is never built on another machine than its own kind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.bundle_files import ENGINES
from runtime.contract.bundle_signature import read_signatures
from runtime.contract.engine_signature import engine_id, signed_engine_message
from runtime.contract.errors import BundleError, EngineError

from .engine_key import BuildSite, EngineKey
from .engine_store import PLAN, get_engine, put_engine, read_card
from .public_key import PublicKey
from .trust import SHOWN, Demand

NOBODY = "nothing vouches for it here: put the signer's public key into ROOT/trusted_keys"


@dataclass(frozen=True, slots=True)
class Shipped:
    """What became of the engines that a bundle brought."""

    taken: tuple[str, ...]  # names of the keys of those that were not kept here before
    refused: tuple[str, ...]  # of those for this board: sentences
    elsewhere: int  # built for other boards, or other versions of TensorRT


def take_over(
    bundle: Path, engines: Path, site: BuildSite, stages_sha256: Collection[str], demand: Demand | None
) -> Shipped:
    """Copy a bundle's engines for this site to where engines are kept.

    Args:
        engines: where they are kept.
        site: of this machine, as `NativeTensorRt.site` describes it.
        stages_sha256: of the bundle's stages: engines of anything else are none of its.
        demand: the keys that this root trusts; None: none, and nothing is taken over.
    Raises:
        ConfigError: cryptography, which checks signatures, is not installed.
        OSError: they cannot be copied.
    """
    taken, refused, elsewhere = [], [], 0
    folders = sorted(path for path in (bundle / ENGINES).glob("*") if path.is_dir() and not path.is_symlink())
    for folder in folders:
        short = folder.name[:SHOWN]
        try:
            key, digest = read_card(folder)
        except EngineError as error:
            refused.append(f"engine {short}: {error.what}")
            continue
        if key.site != site or key.onnx_sha256 not in stages_sha256:
            elsewhere += 1
            continue
        if get_engine(engines, key) is not None:
            continue
        found = _vouched(folder, key, digest, demand)
        if isinstance(found, str):
            refused.append(f"engine {short}: {found}")
            continue
        signer, plan = found
        put_engine(engines, key, plan, f"came with a bundle, signed by {signer.key_id}")
        taken.append(key.name)
    return Shipped(tuple(taken), tuple(refused), elsewhere)


def _vouched(folder: Path, key: EngineKey, digest: str, demand: Demand | None) -> tuple[PublicKey, bytes] | str:
    """Who vouches for an engine, and its bytes; or why it is not taken over."""
    if demand is None:
        return NOBODY
    plan_file = folder / PLAN
    if plan_file.is_symlink() or not plan_file.is_file():
        return f"{PLAN} is missing"
    plan = plan_file.read_bytes()
    if hashlib.sha256(plan).hexdigest() != digest:
        return f"{PLAN} was changed after it was built"
    try:
        signatures = read_signatures(folder)
    except BundleError as error:
        return error.what
    if signatures is None:
        return "it is not signed: codesign sign BUNDLE --key FILE signs a bundle's engines, too"
    if signatures.bundle_id != engine_id(key.name, digest):
        return "its signature is for another engine"
    message, known = signed_engine_message(key.name, digest), {each.key_id: each for each in demand.keys}
    for signature in signatures.by:
        trusted = known.get(signature.key_id)
        if trusted is not None:
            return (trusted, plan) if trusted.verifies(message, signature.value) else "its signature does not fit it"
    return f"none of its signers is trusted: {', '.join(one.key_id[:SHOWN] for one in signatures.by)}"
