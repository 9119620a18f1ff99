"""Demands that a bundle be signed, before anything in it is loaded.

Where an install root has a folder `trusted_keys`, only bundles signed by one of the keys in it are installed, returned
to, opened or served from that root. Who may write to the root decides: without the folder nothing is demanded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.bundle_files import SIGNATURE, TRUSTED_KEYS
from runtime.contract.bundle_signature import read_signatures, signed_message
from runtime.contract.errors import BundleError, ConfigError

from .public_key import PublicKey, read_public_key

SHOWN = 12  # hex digits of a key's id that are enough to tell keys apart by eye


@dataclass(frozen=True, slots=True)
class Demand:
    """A bundle must be signed by one of these keys."""

    keys: tuple[PublicKey, ...]
    by: str  # who demands it

    def check(self, bundle: Path, bundle_id: str) -> PublicKey:
        """The key that vouches for the bundle of that id.

        Args:
            bundle_id: as `read_manifest` has checked it against the manifest's content.
        Raises:
            BundleError: not signed, signed for another bundle or by other keys only, or a signature that does not fit.
            ConfigError: cryptography is not installed.
        """
        where, wanted = str(bundle / SIGNATURE), ", ".join(key.key_id[:SHOWN] for key in self.keys)
        found = read_signatures(bundle)
        if found is None or not found.by:
            raise BundleError(
                f"the bundle is not signed; {self.by} demands a signature by {wanted}",
                where=where,
                to_do="codesign sign BUNDLE --key FILE, on the machine that holds the key",
            )
        if found.bundle_id != bundle_id:
            raise BundleError(
                f"the signature is for another bundle ({found.bundle_id[:SHOWN]}) than this one ({bundle_id[:SHOWN]}):"
                " the bundle was changed or compiled again after it was signed",
                where=where,
                to_do="copy the bundle again from where it was signed, or sign this one",
            )
        message, known = signed_message(bundle_id), {key.key_id: key for key in self.keys}
        for signature in found.by:
            key = known.get(signature.key_id)
            if key is None:
                continue
            if not key.verifies(message, signature.value):
                raise BundleError(
                    f"the signature by {key.key_id[:SHOWN]} does not fit the bundle: one of them was changed",
                    where=where,
                    to_do="copy the bundle again from where it was signed; if that does not help, sign it again",
                )
            return key
        signers = ", ".join(signature.key_id[:SHOWN] for signature in found.by)
        raise BundleError(
            f"the bundle is signed by {signers}; {self.by} demands a signature by {wanted}",
            where=where,
            to_do="sign it with a key that is trusted here, or add the signer's public key (FILE.pub) to those trusted",
        )


def demand_for(key_files: Iterable[Path], by: str) -> Demand:
    """A demand for one of the keys in these files. Raises ConfigError where one cannot be read, or there is none."""
    keys = tuple(read_public_key(path) for path in key_files)
    if not keys:
        raise ConfigError(
            f"{by} demands a signature and trusts no key",
            to_do="put public keys there (the FILE.pub of `codesign sign --key FILE --new-key`)",
        )
    return Demand(keys, by)


def demand_of(root: Path) -> Demand | None:
    """What an install root demands; None where it has no folder `trusted_keys`, as a bundle folder has none.

    Raises ConfigError where the folder holds no key, or something that is none (files with a leading dot apart).
    """
    folder = root / TRUSTED_KEYS
    if not folder.is_dir():
        if folder.exists() or folder.is_symlink():
            raise ConfigError(
                f"{TRUSTED_KEYS} is not a folder", where=str(folder), to_do="make it a folder of public keys"
            )
        return None
    try:
        files = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise ConfigError(f"the trusted keys cannot be listed: {error.strerror}", where=str(folder)) from error
    return demand_for(files, by=str(folder))


def check_trust(root: Path, bundle: Path, bundle_id: str) -> PublicKey | None:
    """Meet what `root` demands of a bundle in it; the key that vouches for it, None where nothing is demanded.

    Raises BundleError or ConfigError as `Demand.check` and `demand_of`.
    """
    demand = demand_of(root)
    return None if demand is None else demand.check(bundle, bundle_id)
