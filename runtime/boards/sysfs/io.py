"""Files of the kernel as three verbs, so that a board may be real, a folder, a recording or a model.

Paths are those of a real board, from `/`, for example `/sys/class/devfreq`. Errors are the kernel's own OSErrors:
EINVAL, EACCES, EAGAIN and ENODATA each mean something else, and who reads must be able to tell.
"""

from __future__ import annotations

import errno
import os
from typing import Protocol


class SysfsIO(Protocol):
    """Reads and writes whole files, as sysfs wants them; every implementation passes `test_io.py`."""

    def read(self, path: str) -> bytes:
        """What the file holds, as it is (device-tree strings end in NUL). Raises OSError as the kernel does."""
        ...

    def write(self, path: str, text: str) -> None:
        """One write() of the whole text. Raises OSError as the kernel does; blocks as long as the kernel does."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """What lies in a folder, sorted. Raises OSError as the kernel does."""
        ...


def text_of(io: SysfsIO, path: str) -> str:
    """A file's text without NULs and surrounding white space. Raises OSError as the kernel does."""
    return io.read(path).replace(b"\0", b" ").decode("utf-8", "replace").strip()


def text_or_none(io: SysfsIO, path: str) -> str | None:
    """A file's text, or None where it cannot be read now, for whatever reason."""
    try:
        return text_of(io, path)
    except OSError:
        return None


def int_or_none(io: SysfsIO, path: str) -> int | None:
    """A file's whole number, or None where it cannot be read now or holds none; `32760 ma` is 32760."""
    return _leading_int(text_or_none(io, path))


def ints_of(io: SysfsIO, path: str) -> tuple[int, ...]:
    """All whole numbers of a file of words, such as a clock table; nothing where it cannot be read."""
    words = (text_or_none(io, path) or "").split()
    return tuple(int(word) for word in words if word.isdecimal())


def names_or_none(io: SysfsIO, folder: str) -> tuple[str, ...]:
    """What lies in a folder; nothing where it is not there or may not be listed."""
    try:
        return io.names(folder)
    except OSError:
        return ()


def exists(io: SysfsIO, path: str) -> bool:
    """Whether a file is there, readable or not."""
    folder, _, name = path.rstrip("/").rpartition("/")
    return name in names_or_none(io, folder or "/")


def why_not(error: OSError) -> str:
    """An OSError in the words of whoever must mend it."""
    meanings = {
        errno.EACCES: "permission denied: needs root",
        errno.EPERM: "not permitted, even for this user: needs root, or the kernel forbids it",
        errno.ENOENT: "no such file",
        errno.EAGAIN: "powered down at this moment",
        errno.ENODATA: "the channel is disabled",
        errno.EINVAL: "the driver refuses the value",
        errno.EROFS: "read-only file system (a container without a writable /sys?)",
        errno.EBUSY: "busy: another driver holds it",
    }
    number = error.errno if error.errno is not None else 0
    return meanings.get(number, os.strerror(number) if number else str(error))


def _leading_int(text: str | None) -> int | None:
    word = (text or "").split()[:1]
    try:
        return int(word[0]) if word else None
    except ValueError:
        return None
