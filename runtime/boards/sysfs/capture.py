"""A snapshot of a board's tree: values, modes, errors and read times, as a fixture that replays them.

It is how a user helps to support a board that nobody here has: `edge-runtime capture` on the board, then the file
stands in for the board in a test. Only what the whitelist names is looked at; the rest of the tree is as if it were not
there.

    snapshot = capture(TreeIO(), patterns(), time.perf_counter)
    CapturedIO(snapshot).read("/proc/device-tree/model")  # as the board answered, errors included
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase

from .io import SysfsIO, text_or_none
from .whitelist import is_personal, redacted

MAX_VALUE_BYTES = 64 * 1024  # trans_stat of a long table is some 10 KiB; nothing that matters is longer
NOT_THERE = (errno.ENOENT, errno.ENOTDIR)

ModeOf = Callable[[str], "int | None"]
Rest = tuple[str, ...]  # the segments of a pattern that have not been matched yet


class EntryKind(str, Enum):
    """A path is one of two things; symbolic links are what they lead to."""

    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one path was."""

    kind: EntryKind
    value: bytes | None = None  # of a file; None for a folder, and where reading failed
    error: int | None = None  # errno of reading the file or of listing the folder
    mode: int | None = None  # permission bits; None where they were not known
    read_s: float | None = None  # how long one read took, failed or not
    cut: bool = False  # the file was longer than MAX_VALUE_BYTES


@dataclass(frozen=True, slots=True)
class Facts:
    """The machine a capture was taken on, and by what; each None where the machine does not say."""

    model: str | None = None
    l4t: str | None = None  # first line of /etc/nv_tegra_release
    kernel: str | None = None  # release, such as 5.15.185-tegra
    architecture: str | None = None
    taken_at: str | None = None  # ISO 8601, UTC, by the machine's own clock, which may be wrong after a power cut
    tool_version: str | None = None
    as_root: bool | None = None
    simulated: bool | None = None  # taken of a model of a board: its readings were never measured


@dataclass(frozen=True, slots=True)
class Capture:
    """A tree as it was, and the machine it grew on."""

    entries: Mapping[str, Entry]  # by absolute path
    facts: Facts = field(default_factory=Facts)

    def unreadable(self, error: int) -> tuple[str, ...]:
        """Paths that answered with that errno, sorted."""
        return tuple(sorted(path for path, entry in self.entries.items() if entry.error == error))


def no_mode(path: str) -> int | None:
    """Where nothing is known of permission bits."""
    del path
    return None


def capture(
    io: SysfsIO,
    patterns: Iterable[str],
    now_s: Callable[[], float],
    *,
    mode_of: ModeOf = no_mode,
    facts: Facts | None = None,
) -> Capture:
    """Look at every path that a pattern matches, once; nothing is written, and no error stops the walk.

    Symbolic links are followed as the kernel follows them. A walk ends at the last segment of a pattern, so links that
    lead in circles are walked a few times at most, and a link to itself is recorded with its ELOOP.

    Args:
        patterns: absolute paths with `*` inside segments, as `whitelist.patterns()`.
        now_s: a monotonic clock fine enough for microseconds, such as time.perf_counter.
        mode_of: permission bits of a path.
    """
    walk = _Walk(io, now_s, mode_of)
    walk.folder("", [tuple(pattern.strip("/").split("/")) for pattern in patterns], inherited=None)
    return Capture(walk.entries, facts or Facts())


def facts_of(
    io: SysfsIO,
    *,
    architecture: str | None,
    taken_at: str,
    tool_version: str,
    as_root: bool | None,
    simulated: bool,
) -> Facts:
    """What the tree says of its machine, beside what the caller knows."""
    release = text_or_none(io, "/etc/nv_tegra_release")
    return Facts(
        model=text_or_none(io, "/proc/device-tree/model"),
        l4t=release.splitlines()[0] if release else None,
        kernel=text_or_none(io, "/proc/sys/kernel/osrelease"),
        architecture=architecture,
        taken_at=taken_at,
        tool_version=tool_version,
        as_root=as_root,
        simulated=simulated,
    )


class _Walk:
    def __init__(self, io: SysfsIO, now_s: Callable[[], float], mode_of: ModeOf) -> None:
        self.entries: dict[str, Entry] = {}
        self._io, self._now_s, self._mode_of = io, now_s, mode_of

    def folder(self, path: str, rests: list[Rest], inherited: int | None) -> None:
        """Record the folder and what its patterns name in it. `inherited`: why the folder above could not be listed."""
        try:
            names: Iterable[str] = self._io.names(path or "/")
            error = None
        except OSError as failure:
            error = failure.errno or errno.EIO
            if error in NOT_THERE or error == inherited:
                return
            names = sorted(
                {rest[0] for rest in rests}
            )  # a folder may be closed to listing and open to who knows a name
        if path:
            self.entries[path] = Entry(EntryKind.FOLDER, error=error, mode=self._mode_of(path))
        for name in names:
            matched = [rest[1:] for rest in rests if fnmatchcase(name, rest[0])]
            if not matched or is_personal(name):
                continue
            below = f"{path}/{name}"
            if () in matched:
                self._file(below, inherited=error)
            if deeper := [rest for rest in matched if rest]:
                self.folder(below, deeper, inherited=error)

    def _file(self, path: str, inherited: int | None) -> None:
        value, error = None, None
        began_s = self._now_s()
        try:
            value = self._io.read(path)
        except OSError as failure:
            error = failure.errno or errno.EIO
        took_s = self._now_s() - began_s
        # Under a folder that was closed to listing a name is a guess: only another answer than the folder's own counts.
        guessed_wrong = inherited is not None and (error == inherited or error in NOT_THERE)
        if error == errno.EISDIR or guessed_wrong:
            return
        if value is not None:
            value = redacted(path, value)
        self.entries[path] = Entry(
            EntryKind.FILE,
            value=None if value is None else value[:MAX_VALUE_BYTES],
            error=error,
            mode=self._mode_of(path),
            read_s=took_s,
            cut=value is not None and len(value) > MAX_VALUE_BYTES,
        )


class CapturedIO:
    """SysfsIO over a capture: it answers as the board did then, and takes no writes."""

    def __init__(self, recorded: Capture) -> None:
        self.capture = recorded
        self._children: dict[str, set[str]] = {"/": set()}
        for path, entry in recorded.entries.items():
            if entry.kind is EntryKind.FOLDER:
                self._children.setdefault(path, set())
            while path != "/":
                parent, _, name = path.rpartition("/")
                parent = parent or "/"
                self._children.setdefault(parent, set()).add(name)
                path = parent

    def read(self, path: str) -> bytes:
        """What the file held. Raises OSError with the errno that was recorded; ENOENT where nothing was."""
        path = _normal(path)
        entry = self._entry(path)
        if entry is not None and entry.error is not None:
            raise _os_error(entry.error, path)
        if path in self._children:
            raise _os_error(errno.EISDIR, path)
        if entry is None or entry.value is None:
            raise _os_error(self._why_absent(path), path)
        return entry.value

    def write(self, path: str, text: str) -> None:
        """Raises OSError: EROFS, or whatever keeps the file from being there."""
        del text
        path = _normal(path)
        absent = self._entry(path) is None and path not in self._children
        raise _os_error(self._why_absent(path) if absent else errno.EROFS, path)

    def names(self, folder: str) -> tuple[str, ...]:
        """What of the folder was recorded, sorted. Raises OSError as `read` does."""
        folder = _normal(folder)
        entry = self._entry(folder)
        if entry is not None and entry.kind is EntryKind.FOLDER and entry.error is not None:
            raise _os_error(entry.error, folder)
        if folder not in self._children:
            raise _os_error(self._why_absent(folder) if entry is None else errno.ENOTDIR, folder)
        return tuple(sorted(self._children[folder]))

    def mode_of(self, path: str) -> int | None:
        """The permission bits that were recorded."""
        entry = self._entry(_normal(path))
        return None if entry is None else entry.mode

    def _entry(self, path: str) -> Entry | None:
        return self.capture.entries.get(path)

    def _why_absent(self, path: str) -> int:
        while path != "/":
            path = path.rpartition("/")[0] or "/"
            above = self._entry(path)
            if above is not None and above.error is not None:
                return above.error  # nobody could see what lies below
            if above is not None and above.kind is EntryKind.FILE:
                return errno.ENOTDIR
        return errno.ENOENT


def _normal(path: str) -> str:
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def _os_error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)  # becomes PermissionError, FileNotFoundError, … by its number
