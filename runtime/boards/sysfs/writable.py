"""Whether a file would take a write from this process, found out without writing."""

from __future__ import annotations

import errno
import os
import stat
from typing import Protocol, runtime_checkable

from .capture import CapturedIO
from .io import SysfsIO, why_not
from .tree import TreeIO

OWNER_WRITES, OTHERS_WRITE = stat.S_IWUSR, stat.S_IWOTH
NEEDS_ROOT = "run `edge-runtime powerd` as root and let this program ask it"


@runtime_checkable
class HasModes(Protocol):
    """A tree that knows who opens its files, such as a model of a kernel."""

    uid: int

    def mode_of(self, path: str) -> int | None:
        """Permission bits of a path, of which root's are the owner's; None where that user cannot get there."""
        ...


def why_not_writable(io: SysfsIO, path: str) -> str | None:
    """In words; None where nothing is known to be in the way, which a write may still disprove."""
    if isinstance(io, CapturedIO):
        return "a recording takes no writes"
    if isinstance(io, HasModes):
        number = _refusal_by_mode(io.mode_of(path), OWNER_WRITES if io.uid == 0 else OTHERS_WRITE)
    elif isinstance(io, TreeIO):
        number = _refusal(os.fspath(io.root / path.lstrip("/")))
    else:
        number = None
    return None if number is None else why_refused(OSError(number, os.strerror(number)))


def why_refused(error: OSError) -> str:
    """A failed write in the words of whoever must mend it."""
    hint = f"; {NEEDS_ROOT}" if error.errno in (errno.EACCES, errno.EPERM) else ""
    return why_not(error) + hint


def _refusal_by_mode(mode: int | None, wanted: int) -> int | None:
    if mode is None:
        return errno.ENOENT
    return None if mode & wanted else errno.EACCES


def _refusal(path: str) -> int | None:
    if os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        return None
    if not os.access(path, os.F_OK):
        return errno.ENOENT
    read_only = bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    return errno.EROFS if read_only else errno.EACCES
