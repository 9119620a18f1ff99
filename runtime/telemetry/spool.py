"""The durable queue between a daemon and whoever collects: SQLite, one writer, oldest dropped first, drops counted.

A payload is committed together with the sequence numbers of its rows, so a number is given once, whatever is killed
when. It is deleted only when it was acknowledged and all other readers (`spool_readers`) have passed it, or when its
class grows beyond its share of the cap; then the counter of dropped rows grows in the same transaction. Disks that are
full make drops, not errors.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType

from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.sqlite_file import opened
from runtime.contract.telemetry_batch import (
    AGGREGATE,
    CLASSES,
    EVENT,
    INFERENCE,
    SAMPLE,
    TelemetryBatch,
    Value,
    encode,
)

from . import spool_readers

CAP_BYTES: Mapping[str, int] = {EVENT: 2 << 20, AGGREGATE: 16 << 20, INFERENCE: 64 << 20, SAMPLE: 32 << 20}
VERSION = 1
UNKNOWN_BOARD = "unknown"
TABLES = """
CREATE TABLE IF NOT EXISTS payload (
    id INTEGER PRIMARY KEY AUTOINCREMENT, class TEXT NOT NULL, boot_id TEXT NOT NULL, first_seq INTEGER NOT NULL,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, content BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS boot (boot_id TEXT PRIMARY KEY, next_seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dropped (class TEXT PRIMARY KEY, rows INTEGER NOT NULL) WITHOUT ROWID;
"""


PRAGMAS = (
    "page_size = 1024",  # a commit changes a few pages: small ones spare flash
    "auto_vacuum = INCREMENTAL",
    "journal_size_limit = 4194304",
    "wal_autocheckpoint = 4096",  # pages that change often are copied back seldom
)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A payload that waits."""

    id: int
    row_class: str
    boot_id: str
    first_seq: int
    rows: int
    content: bytes


@dataclass(frozen=True, slots=True)
class SpoolState:
    """What a spool holds, by class."""

    rows: dict[str, int]  # that wait
    bytes: dict[str, int]  # with those that were acknowledged and are kept for a reader
    dropped: dict[str, int]  # since the spool was made
    missed: dict[str, int]  # by reader: rows that were dropped before it came to them
    file_bytes: int


class Spool:
    """Safe between threads of one process; other processes may read and acknowledge, one writes. A context manager."""

    def __init__(
        self,
        path: Path,
        device_id: str,
        boot_id: str,
        board: str = UNKNOWN_BOARD,
        cap_bytes: Mapping[str, int] = CAP_BYTES,
    ) -> None:
        """Open it, or make it.

        Raises:
            ConfigError: a cap for an unknown class, or of no room.
            StorageError: it cannot be opened, is damaged, or is of a later version.
        """
        for name, cap in cap_bytes.items():
            if name not in CLASSES or cap < 1:
                raise ConfigError(f"no cap of {cap} bytes for {name!r}", to_do=f"use {', '.join(CLASSES)}, 1 or more")
        self.path, self.device_id, self.boot_id, self.board = path, device_id, boot_id, board
        self._cap_bytes = {**CAP_BYTES, **cap_bytes}
        self._lock = threading.Lock()
        self._unsaved_drops: dict[str, int] = {}
        self._base = opened(
            path,
            TABLES + spool_readers.TABLES,
            VERSION,
            what="the spool",
            waits_s=10.0,
            too_new_to_do="update edge-codesign on this board, or purge: edge-runtime telemetry purge",
            unreadable_to_do="check the folder; a damaged spool can be moved away, what was in it is lost",
            pragmas=PRAGMAS,
        )
        self._held_bytes = self._sizes()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the file back; what is in it stays."""
        with self._lock:
            self._base.close()

    def append(self, row_class: str, columns: Mapping[str, Sequence[Value]], wall_offset_us: int) -> bool:
        """Commit rows, numbered after all before them. False where the disk refused: they are dropped and counted.

        Raises:
            DataError: they are not rows of that class.
        """
        return self.append_all([(row_class, columns)], wall_offset_us)

    def append_all(self, tables: Sequence[tuple[str, Mapping[str, Sequence[Value]]]], wall_offset_us: int) -> bool:
        """Several tables of rows in one transaction: all of them or none. As `append`."""
        with self._lock:
            return self._changed(lambda: self._insert(tables, wall_offset_us), tables)

    def _insert(self, tables: Sequence[tuple[str, Mapping[str, Sequence[Value]]]], wall_offset_us: int) -> None:
        found = self._base.execute("SELECT next_seq FROM boot WHERE boot_id = ?", (self.boot_id,)).fetchone()
        seq = 0 if found is None else int(found[0])
        for row_class, columns in tables:
            batch = TelemetryBatch(row_class, self.device_id, self.boot_id, self.board, seq, wall_offset_us, columns)
            content = encode(batch)
            self._base.execute(
                "INSERT INTO payload (class, boot_id, first_seq, rows, bytes, content) VALUES (?, ?, ?, ?, ?, ?)",
                (row_class, self.boot_id, seq, len(batch), len(content), content),
            )
            seq += len(batch)
            self._held_bytes[row_class] = self._held_bytes.get(row_class, 0) + len(content)
            self._drop_oldest(row_class)
        self._base.execute("INSERT OR REPLACE INTO boot VALUES (?, ?)", (self.boot_id, seq))
        for row_class, rows in self._unsaved_drops.items():
            self._count_dropped(row_class, rows)

    def _changed(self, change: Callable[[], None], tables: Sequence[tuple[str, Mapping[str, Sequence[Value]]]]) -> bool:
        try:
            self._in_one(change)
        except sqlite3.Error:  # a full or failing disk: the daemon serves on, what is lost is counted
            for row_class, columns in tables:
                rows = len(next(iter(columns.values())))
                self._unsaved_drops[row_class] = self._unsaved_drops.get(row_class, 0) + rows
            return False
        self._unsaved_drops.clear()
        return True

    def _drop_oldest(self, row_class: str) -> None:
        """Delete payloads of a class, oldest first, until it fits its cap; the newest stays, whatever its size."""
        if self._held_bytes.get(row_class, 0) <= self._cap_bytes[row_class]:
            return
        self._held_bytes = self._sizes()  # others may have acknowledged; counting anew takes a walk through the table
        while self._held_bytes.get(row_class, 0) > self._cap_bytes[row_class]:
            oldest = self._base.execute(
                "SELECT id, bytes, rows FROM payload WHERE class = ? ORDER BY id LIMIT 2", (row_class,)
            ).fetchall()
            if len(oldest) < 2:
                return
            identity, size, rows = oldest[0]
            self._base.execute("DELETE FROM payload WHERE id = ?", (identity,))
            if not spool_readers.dropped(self._base, identity, row_class, rows):
                self._count_dropped(row_class, rows)
            self._held_bytes[row_class] -= size

    def _sizes(self) -> dict[str, int]:
        found = self._base.execute("SELECT class, SUM(bytes) FROM payload GROUP BY class").fetchall()
        return {row_class: int(size) for row_class, size in found}

    def _count_dropped(self, row_class: str, rows: int) -> None:
        self._base.execute(
            "INSERT INTO dropped VALUES (?, ?) ON CONFLICT (class) DO UPDATE SET rows = rows + excluded.rows",
            (row_class, rows),
        )

    def read_also_by(self, readers: Mapping[str, str]) -> None:
        """Keep what is acknowledged until these readers, by name, have passed the classes that they read, too.

        Raises:
            StorageError: the disk refuses.
        """
        with self._lock:
            try:
                self._in_one(lambda: spool_readers.keep_only(self._base, readers))
            except sqlite3.Error as error:
                raise self._unreadable(error) from error

    def waiting(self, most_bytes: int, after_id: int = 0, *, reader: str | None = None) -> list[Spooled]:
        """The oldest payloads of about so many bytes, at least one if any waits; classes in the order they came.

        Args:
            reader: one of `read_also_by`: of its class, what it has not passed yet.
        Raises:
            StorageError: the spool cannot be read.
        """
        found: list[Spooled] = []
        size = 0
        try:
            with self._lock, closing(self._base.cursor()) as cursor:
                if reader is None:
                    cursor.execute(spool_readers.WAITS, (after_id,))
                else:
                    cursor.execute(spool_readers.WAITS_FOR, (reader, after_id))
                for row in cursor:
                    size += len(row[-1])
                    if found and size > most_bytes:
                        break
                    found.append(Spooled(*row))
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        return found

    def acknowledge(self, ids: Sequence[int], *, reader: str | None = None) -> bool:
        """Delete what has arrived. False where the disk refused: it will be sent again, and known by its key.

        Args:
            reader: passes all up to the latest of them, and deletes nothing that others need.
        """
        change = partial(spool_readers.acknowledged, self._base, ids)
        if reader is not None:
            change = partial(spool_readers.passed, self._base, reader, max(ids, default=0))
        with self._lock:
            try:
                self._in_one(change)
                self._base.execute("PRAGMA incremental_vacuum(64)")
            except sqlite3.Error:
                return False
        return True

    def _in_one(self, change: Callable[[], None]) -> None:
        """One transaction: all of it or nothing. Raises what `change` does."""
        try:
            self._base.execute("BEGIN IMMEDIATE")
            change()
            self._base.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # of a file that was closed meanwhile, too
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
            raise

    def purge(self) -> int:
        """Delete everything that waits; how many rows that were. Raises StorageError where the disk refuses."""
        with self._lock:
            try:
                (rows,) = self._base.execute("SELECT COALESCE(SUM(rows), 0) FROM payload").fetchone()
                self._base.execute("DELETE FROM payload")
                self._base.execute("DELETE FROM kept")
                self._base.execute("VACUUM")
            except sqlite3.Error as error:
                raise self._unreadable(error) from error
        return int(rows)

    def state(self) -> SpoolState:
        """What is in it. Raises StorageError where it cannot be read."""
        try:
            with self._lock:
                held = self._base.execute(
                    "SELECT class, SUM(CASE WHEN id IN kept THEN 0 ELSE rows END), SUM(bytes)"
                    " FROM payload GROUP BY class"
                ).fetchall()
                dropped = dict(self._base.execute("SELECT class, rows FROM dropped").fetchall())
                missed = dict(self._base.execute("SELECT name, missed FROM reader").fetchall())
                unsaved = dict(self._unsaved_drops)
        except sqlite3.Error as error:
            raise self._unreadable(error) from error
        for row_class, rows in unsaved.items():
            dropped[row_class] = dropped.get(row_class, 0) + rows
        files = [self.path, self.path.with_name(f"{self.path.name}-wal")]
        return SpoolState(
            rows={row_class: int(rows) for row_class, rows, _ in held},
            bytes={row_class: int(size) for row_class, _, size in held},
            dropped={row_class: int(rows) for row_class, rows in dropped.items()},
            missed={str(name): int(rows) for name, rows in missed.items()},
            file_bytes=sum(path.stat().st_size for path in files if path.exists()),
        )

    def _unreadable(self, error: sqlite3.Error) -> StorageError:
        return StorageError(
            f"the spool cannot be read: {error}", where=str(self.path), to_do="check the disk; move the spool away"
        )
