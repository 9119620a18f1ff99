"""The clocks as they were found, on disk before the first of them is changed: what a crash leaves to be restored."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

from runtime.boards.clocks import ClockSnapshot
from runtime.contract.durable import sync_folder, write_file
from runtime.contract.errors import StorageError

from .ownership import is_ours_alone

STATE_VERSION = 1


class StateFile:
    """One snapshot, of one boot: clocks reset when a board boots, so a snapshot of another boot is void."""

    def __init__(self, path: Path, boot_id: str | None) -> None:
        self.path, self._boot_id = path, boot_id

    def save(self, found: ClockSnapshot) -> None:
        """Replace the file in one step, down to the disk. Raises StorageError; then nothing was saved."""
        table = {"version": STATE_VERSION, "boot_id": self._boot_id, "found": found.to_json()}
        try:
            write_file(self.path, f"{json.dumps(table, indent=1)}\n".encode(), 0o600)
        except OSError as error:
            raise StorageError(
                f"the clocks found cannot be saved: {error.strerror or error}",
                where=str(self.path),
                to_do="make room there, or give powerd another --state; no clock is changed before this works",
            ) from error

    def load(self) -> ClockSnapshot | None:
        """What a powerd of this boot left to be restored, or None.

        Raises:
            StorageError: the file is there and cannot be understood, or is not powerd's own: as root, its values would
                be written to whatever paths it names.
        """
        try:
            table = json.loads(self._content())
            if int(table["version"]) != STATE_VERSION:
                raise ValueError(f"version {table['version']}, this powerd reads {STATE_VERSION}")  # noqa: TRY301
            found = ClockSnapshot.from_json(table["found"])
            boot_id = table["boot_id"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"the clocks of an earlier powerd cannot be restored from its state file: {error!r}",
                where=str(self.path),
                to_do="reboot the board, which resets its clocks; then remove the file",
            ) from error
        return found if boot_id == self._boot_id else None

    def remove(self) -> None:
        """Nothing is left to be restored. Raises StorageError."""
        try:
            self.path.unlink(missing_ok=True)
            sync_folder(self.path.parent)
        except OSError as error:
            raise StorageError(
                f"the state file cannot be removed: {error.strerror or error}",
                where=str(self.path),
                to_do="remove it by hand: the clocks are restored, and would be once more at the next start",
            ) from error

    def _content(self) -> bytes:
        # Not blocking, so that a pipe in its place cannot keep powerd from starting.
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not is_ours_alone(os.fstat(descriptor)):
                raise PermissionError(errno.EPERM, "others than root may have written it")
            return file.read()
