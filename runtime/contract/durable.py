"""Writes that survive a power cut: a file or a link is the old one or the new one, never half of either."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path


def write_file(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Replace a file's content in one step. Raises OSError; then the old content is still there.

    Args:
        mode: permission bits of the new file, less the umask.
    """
    writing = path.with_name(f".{path.name}.writing")
    try:
        writing.unlink(missing_ok=True)  # of a write that was cut short, or planted there: a link is not followed
        descriptor = os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        writing.replace(path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):  # where the folder is missing or closed there is nothing to remove
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
    """Bring a folder's own entries to the disk: a rename or a removal is durable only after this. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
