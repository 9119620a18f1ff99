"""One install or rollback at a time: the lock of an install root, which the kernel takes back from a killed process."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.contract.errors import StorageError


@contextmanager
def only_one_writer(root: Path) -> Iterator[None]:
    """Hold the install root's lock. Raises StorageError if another install or rollback holds it."""
    with (root / ".lock").open("w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StorageError(
                "another install or rollback is at work here", where=str(root), to_do="wait for it, then try again"
            ) from error
        yield
