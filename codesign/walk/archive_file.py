"""The archive of evaluations: a file of JSON lines that is only added to; damage to a line costs that line alone."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from runtime.contract.errors import StorageError

from .run_folder import clear_storage_errors

SCHEMA = "1.0"
# What the figures of an entry stand on, rising.
SHARED_HEADS, OWN_HEADS, MEASURED = "shared heads", "own heads", "measured"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: something that was found out once and need not be found out again."""

    what: str  # heads, backbone, front, cost, design
    fidelity: str
    name: str
    circumstances: Mapping[str, str]  # names of all that decided the outcome: where they agree, it is the same
    values: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)  # path beside the archive -> its SHA-256
    made: Mapping[str, str] = field(default_factory=dict)  # version, time, where it was taken over from

    @property
    def key(self) -> tuple[str, str, str]:
        """Entries of one archive with the same key tell of the same thing."""
        return self.what, self.fidelity, self.name


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """What could be read."""

    entries: tuple[Entry, ...]
    damaged: tuple[int, ...]  # numbers of the lines that could not

    def told(self, path: Path) -> str | None:
        """A sentence about what is damaged; None: nothing is."""
        if not self.damaged:
            return None
        lines = "line" if len(self.damaged) == 1 else "lines"
        numbers = ", ".join(map(str, self.damaged[:10])) + (", …" if len(self.damaged) > 10 else "")
        return f"{path}: {len(self.damaged)} damaged {lines} skipped ({numbers}); all others were read"


def read_archive(path: Path) -> ArchiveFile:
    """Every line that is whole. Raises StorageError where the file itself cannot be read."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise StorageError(f"the archive cannot be read: {error.strerror}", where=str(path)) from error
    entries, damaged = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            entries.append(_entry(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            damaged.append(number)
    return ArchiveFile(tuple(entries), tuple(damaged))


def append_entries(path: Path, entries: Sequence[Entry]) -> None:
    """Add lines and bring them to the disk; two processes take turns, and a line that was cut off stays its own.

    Raises:
        StorageError: the disk refuses.
    """
    if not entries:
        return
    lines = [json.dumps({"schema": SCHEMA, **asdict(entry)}, ensure_ascii=False, allow_nan=False) for entry in entries]
    with clear_storage_errors(path), path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until closed
        size = file.seek(0, os.SEEK_END)
        if size:
            file.seek(size - 1)
            if file.read(1) != b"\n":  # somebody was killed while writing
                file.write(b"\n")
        file.write("".join(f"{line}\n" for line in lines).encode())
        file.flush()
        os.fsync(file.fileno())


def _entry(table: Any) -> Entry:
    if str(table["schema"]).split(".")[0] != SCHEMA.split(".")[0]:
        raise ValueError(f"schema {table['schema']}")
    parts = {name: table[name] for name in ("circumstances", "values", "files", "made")}
    if not all(isinstance(part, dict) for part in parts.values()):
        raise TypeError("a part of an entry is no object")
    return Entry(str(table["what"]), str(table["fidelity"]), str(table["name"]), **parts)
