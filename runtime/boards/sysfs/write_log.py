"""What this process wrote to which file, what was there before, and whether it still holds.

A file is *ours* from the first write until its old value is back. Everything else belongs to the rest of the system.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .io import SysfsIO, text_or_none


@dataclass(frozen=True, slots=True)
class Change:
    """A file that someone else wrote after this process did."""

    path: str
    wrote: str  # by this process
    holds: str  # now

    def __str__(self) -> str:
        return f"{self.path} holds {self.holds}, not {self.wrote}"


class WriteLog:
    """All writes of one `SysfsClocks` go through here."""

    def __init__(self, io: SysfsIO) -> None:
        self.io = io
        self.ever_wrote = False
        self._found: dict[str, str] = {}
        self._wrote: dict[str, str] = {}
        self._journal: dict[str, str] = {}

    def found(self, path: str) -> str | None:
        """The file's text before this process touched it, or now where it has not; None where it cannot be read."""
        return self._found[path] if path in self._found else text_or_none(self.io, path)

    def write(self, path: str, text: str, *, before: str | None = None) -> None:
        """Write, remembering what was there. Raises OSError as the kernel does.

        It is noted before it is done: a signal between the two must not leave a file that nobody brings back.

        Args:
            before: what the file stands for where it cannot be read itself.
        """
        held = text_or_none(self.io, path)
        held = before if held is None else held
        if held is not None:
            self._found.setdefault(path, held)
            self._journal.setdefault(path, held)
        self._wrote[path] = text
        self.ever_wrote = True
        self.io.write(path, text)

    def confirm(self, paths: Iterable[str]) -> None:
        """Take what the files hold now as what was written: a driver may round."""
        for path in paths:
            held = text_or_none(self.io, path)
            if path in self._wrote and held is not None:
                self._wrote[path] = held

    def wrote(self, path: str) -> str | None:
        """What this process wrote last, as read back; None where it wrote nothing that still counts."""
        return self._wrote.get(path)

    def owns_nothing(self) -> bool:
        """Whether nothing of this process is in force."""
        return not self._wrote

    def begin(self) -> None:
        """A new request: `undone()` reaches back to here."""
        self._journal = {}

    def undone(self) -> tuple[tuple[str, str], ...]:
        """What to write to have everything as it was at `begin()`, last written first."""
        return tuple(reversed(self._journal.items()))

    def changed(self) -> tuple[Change, ...]:
        """Files that hold something else than this process wrote.

        A file that cannot be read now, such as those of a CPU cluster that was taken offline, is no longer watched:
        the kernel decides what it holds when it comes back.
        """
        changes = []
        for path, wrote in tuple(self._wrote.items()):
            holds = text_or_none(self.io, path)
            if holds is None:
                del self._wrote[path]
            elif holds != wrote:
                changes.append(Change(path, wrote, holds))
        return tuple(changes)

    def ours(self, path: str) -> bool:
        """Whether this process wrote the file, and nobody else since."""
        if path not in self._found:
            return False
        return path not in self._wrote or text_or_none(self.io, path) in (self._wrote[path], None)

    def returned(self, values: Mapping[str, str], failed: Iterable[str]) -> None:
        """Those values were written back: a file that has its first value again is no longer ours.

        What shows less than was written, as limits do while a board throttles, counts as written.
        """
        lost = set(failed)
        for path, text in values.items():
            if path in self._found and path not in lost and text == self._found[path]:
                del self._found[path]
                self._wrote.pop(path, None)
        self.confirm(values)
        for path, text in values.items():
            if path in self._wrote and path not in lost and is_lower(self._wrote[path], text):
                self._wrote[path] = text

    def forget(self, paths: Iterable[str]) -> None:
        """Those files are someone else's now."""
        for path in paths:
            self._found.pop(path, None)
            self._wrote.pop(path, None)


def is_lower(held: str | None, text: str) -> bool:
    """Whether a file shows a smaller number than was written; False where either is no number."""
    return held is not None and held.isdecimal() and text.isdecimal() and int(held) < int(text)
