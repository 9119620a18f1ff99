"""Writes that survive a power cut: a file or a link is the old one or the new one, never half of either."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.contract.errors import StorageError


def write_file(path: Path, content: bytes) -> None:
    """Replace a file's content in one step. Raises OSError; then the old content is still there."""
    writing = path.with_name(f".{path.name}.writing")
    try:
        with writing.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        writing.replace(path)
        sync_folder(path.parent)
    finally:
        writing.unlink(missing_ok=True)


def copy_file(source: Path, target: Path) -> None:
    """Copy content, not permissions or times, down to the disk. Raises OSError."""
    with source.open("rb") as reading, target.open("xb") as writing:
        shutil.copyfileobj(reading, writing)
        writing.flush()
        os.fsync(writing.fileno())


def point_link(link: Path, target: str) -> None:
    """Make `link` a symbolic link to `target` (relative to its folder) in one step. Raises OSError."""
    fresh = link.with_name(f".{link.name}.switching")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    try:
        fresh.replace(link)
        sync_folder(link.parent)
    finally:
        fresh.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Bring a folder's own entries to the disk: a rename is durable only after this. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
