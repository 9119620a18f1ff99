"""Which boards of a fleet try a new bundle first: a lot that every board draws by itself, and draws alike every time.

The same command can so be sent to the whole fleet. The lot hangs on the bundle, too, that it may not always be the same
boards; and boards that a share takes are among those of any larger share.
"""

from __future__ import annotations

import hashlib
import re

from runtime.contract.errors import ConfigError

SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*(%?)")


def lot(device_id: str, bundle_id: str) -> float:
    """A number from 0 up to 1, as good as drawn at random, of a device and a bundle."""
    digest = hashlib.sha256(f"canary\0{device_id}\0{bundle_id}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def is_chosen(device_id: str, bundle_id: str, share: float) -> bool:
    """Whether that device is of the share of the fleet that tries that bundle."""
    return lot(device_id, bundle_id) < share


def share_of(text: str) -> float:
    """`10%` or `0.1` as a share. Raises ConfigError."""
    found = SHARE.fullmatch(text.strip())
    share = -1.0 if found is None else float(found[1]) / (100.0 if found[2] else 1.0)
    if not 0.0 <= share <= 1.0:
        raise ConfigError(f"a share of a fleet is 0 % to 100 %, got {text!r}", to_do="give 10% or 0.1")
    return share
