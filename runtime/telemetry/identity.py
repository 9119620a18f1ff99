"""Who sends: a device without its name, and a boot.

The device is known by a hash of its machine id, so that nothing that identifies it elsewhere leaves it (as systemd's
documentation asks of programs that use that id).
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from runtime.contract.errors import BoardError

PURPOSE = b"edge-codesign telemetry 1"
MACHINE_ID, BOOT_ID = "etc/machine-id", "proc/sys/kernel/random/boot_id"
THIS_MACHINE = Path("/")


def device_id(root: Path = THIS_MACHINE) -> str:
    """32 hexadecimal digits, the same after every boot. Raises BoardError where the machine has no id."""
    return hmac.new(_read(root, MACHINE_ID).encode(), PURPOSE, hashlib.sha256).hexdigest()[:32]


def boot_id(root: Path = THIS_MACHINE) -> str:
    """The kernel's id of this boot. Raises BoardError where the kernel has none."""
    return _read(root, BOOT_ID)


def _read(root: Path, name: str) -> str:
    path = root / name
    try:
        found = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(
            f"this machine does not say who it is: {error}",
            where=str(path),
            to_do="systemd-machine-id-setup, or give --device-id",
        ) from error
    if not found:
        raise BoardError(
            "this machine does not say who it is: the file is empty",
            where=str(path),
            to_do="systemd-machine-id-setup, or give --device-id",
        )
    return found
