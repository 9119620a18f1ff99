"""Where payloads are safe before they are looked at: append-only files of bundles, synchronised before they count.

A worker appends to a file of its own, `<worker>-<number>.open`, which takes its final suffix when it is closed: only
closed files are compacted. What a killed worker left open is closed by the next of that name; an end that was cut off
is skipped by whoever reads it, since nobody was told that it had arrived.
"""

from __future__ import annotations

import fcntl
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.telemetry_bundle import LENGTH_BYTES, MAGIC, SUFFIX

OPEN = ".open"
MOST_BYTES, MOST_S = 64 << 20, 30.0  # after which a file is closed
WORKER = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Segments:
    """One worker's files in an inbox. Safe between threads; one process per worker name."""

    def __init__(
        self,
        inbox: Path,
        worker: str,
        *,
        most_bytes: int = MOST_BYTES,
        most_s: float = MOST_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Close what an earlier worker of that name left open.

        Raises:
            ConfigError: a name that cannot be a file's.
            StorageError: another process works under that name, or the inbox cannot be written.
        """
        if not WORKER.fullmatch(worker):
            raise ConfigError(f"{worker!r} cannot name a worker", to_do="use up to 40 letters, digits, '-' and '_'")
        self._inbox, self._worker, self._most_bytes, self._most_s = inbox, worker, most_bytes, most_s
        self._now_s, self._lock = now_s, threading.Lock()
        self._file: BinaryIO | None = None
        self._size, self._since_s = 0, 0.0
        try:
            inbox.mkdir(parents=True, exist_ok=True)
            self._held = (inbox / f".{worker}.lock").open("wb")
        except OSError as error:
            raise StorageError(
                f"the inbox cannot be written: {error.strerror or error}", where=str(inbox), to_do="check the folder"
            ) from error
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in inbox.glob(f"{worker}-*{OPEN}"):
                path.rename(path.with_suffix(SUFFIX))
        except BlockingIOError as error:
            self._held.close()
            raise StorageError(
                f"another worker {worker!r} writes to this store", where=str(inbox), to_do="give --worker another name"
            ) from error
        except OSError as error:
            self._held.close()
            raise StorageError(
                f"the inbox cannot be written: {error.strerror or error}", where=str(inbox), to_do="check the folder"
            ) from error

    def put(self, payloads: Sequence[bytes]) -> None:
        """Returns when they are on the disk: then, and only then, they may be acknowledged.

        Raises:
            StorageError: they are not, so they must not be.
        """
        parts: list[bytes] = []
        for payload in payloads:
            parts += [len(payload).to_bytes(LENGTH_BYTES, "big"), payload]
        content = b"".join(parts)
        with self._lock:
            try:
                file = self._opened()
                file.write(content)
                file.flush()
                os.fdatasync(file.fileno())
                self._size += len(content)
            except OSError as error:
                self._give_up()
                raise StorageError(
                    f"payloads cannot be kept: {error.strerror or error}",
                    where=str(self._inbox),
                    to_do="free some space; senders will try again",
                ) from error
            if self._size >= self._most_bytes or self._now_s() - self._since_s >= self._most_s:
                self._close_file()

    def rotate(self, *, only_old: bool = False) -> None:
        """Close the open file, so that it can be compacted; with `only_old`, where it has been open for long enough."""
        with self._lock:
            if self._file is None or (only_old and self._now_s() - self._since_s < self._most_s):
                return
            self._close_file()

    def close(self) -> None:
        """Close the open file and let another worker have the name."""
        with self._lock:
            self._close_file()
            self._held.close()

    def _opened(self) -> BinaryIO:
        if self._file is None:
            path = self._inbox / f"{self._worker}-{time.time_ns()}{OPEN}"
            self._file = path.open("xb")
            self._file.write(MAGIC)
            self._size, self._since_s = 0, self._now_s()
        return self._file

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        file.close()
        path = Path(file.name)
        path.rename(path.with_suffix(SUFFIX))

    def _give_up(self) -> None:
        """After a failed write the end of the file is anybody's guess: what comes next goes to another."""
        file, self._file = self._file, None
        if file is None:
            return
        path = Path(file.name)
        with suppress(OSError):  # closing writes what is left, and fails as the write did
            file.close()
        with suppress(OSError):  # then the next worker of this name does it
            path.rename(path.with_suffix(SUFFIX))


def closed_segments(inbox: Path) -> list[Path]:
    """Files that may be compacted, oldest first; others may remove some meanwhile."""
    found = []
    for path in inbox.glob(f"*{SUFFIX}"):
        with suppress(FileNotFoundError):
            found.append((path.stat().st_mtime_ns, path.name, path))
    return [path for _, _, path in sorted(found)]
