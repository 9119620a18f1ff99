"""The clocks as they were found, on disk before the first of them is changed: what a crash leaves to be restored."""

from __future__ import annotations

import json
import os
from pathlib import Path

from runtime.boards.clocks import ClockSnapshot
from runtime.contract.errors import StorageError

STATE_VERSION = 1


class StateFile:
    """One snapshot, of one boot: clocks reset when a board boots, so a snapshot of another boot is void."""

    def __init__(self, path: Path, boot_id: str | None) -> None:
        self.path, self._boot_id = path, boot_id

    def save(self, found: ClockSnapshot) -> None:
        """Replace the file in one step, down to the disk. Raises StorageError; then nothing was saved."""
        table = {"version": STATE_VERSION, "boot_id": self._boot_id, "found": found.to_json()}
        writing = self.path.with_name(f".{self.path.name}.writing")
        try:
            descriptor = os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(f"{json.dumps(table, indent=1)}\n".encode())
                file.flush()
                os.fsync(file.fileno())
            writing.replace(self.path)
            self._sync_folder()
        except OSError as error:
            raise StorageError(
                f"the clocks found cannot be saved: {error.strerror or error}",
                where=str(self.path),
                to_do="make room there, or give powerd another --state; no clock is changed before this works",
            ) from error

    def load(self) -> ClockSnapshot | None:
        """What a powerd of this boot left to be restored, or None.

        Raises:
            StorageError: the file is there and cannot be understood.
        """
        try:
            table = json.loads(self.path.read_bytes())
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
            self._sync_folder()
        except OSError as error:
            raise StorageError(
                f"the state file cannot be removed: {error.strerror or error}",
                where=str(self.path),
                to_do="remove it by hand: the clocks are restored, and would be once more at the next start",
            ) from error

    def _sync_folder(self) -> None:
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
