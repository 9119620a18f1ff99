"""The collected set: Parquet files by date and board, and an index that says which of them count.

    STORE/inbox/      payloads that have arrived and been acknowledged, not yet looked at
    STORE/data/<class>/date=<YYYY-MM-DD>/board=<board>/<number>.parquet
    STORE/index.db    which files count, and which sequence numbers of which boot are in them
    STORE/rejected/   payloads that could not be read, kept for whoever wants to know why

Files become part of the set, and their numbers seen, in one transaction of the index. A file that it does not name is
what a killed compaction left behind, and is removed by the next.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.errors import DataError, StorageError

from .intervals import Intervals

VERSION = 1
Boot = tuple[str, str]  # device_id, boot_id
TABLES = """
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, class TEXT NOT NULL, rows INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    device_id TEXT NOT NULL, boot_id TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    PRIMARY KEY (device_id, boot_id, start)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counted (name TEXT PRIMARY KEY, rows INTEGER NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class StoreState:
    """What a store holds."""

    rows: dict[str, int]  # by class
    files: int
    duplicates: int  # rows that had arrived before
    rejected: int  # payloads that could not be read


class Store:
    """An index that is open; nothing else is kept in memory. A context manager."""

    def __init__(self, folder: Path, *, must_exist: bool = False) -> None:
        """Open it, or make it.

        Raises:
            DataError: it must exist and does not.
            StorageError: it cannot be opened, or is of a later version.
        """
        self.folder = folder
        if must_exist and not (folder / "index.db").is_file():
            raise DataError(f"{folder} holds no telemetry", where=str(folder), to_do="fill it with codesign collect")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("inbox", "data", "rejected"):
                (folder / name).mkdir(exist_ok=True)
            self._base = sqlite3.connect(
                folder / "index.db", isolation_level=None, timeout=30.0, check_same_thread=False
            )
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            (version,) = self._base.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise StorageError(
                    f"the store is of version {version}; this program writes {VERSION}",
                    where=str(folder),
                    to_do="update edge-codesign on this machine",
                )
            self._base.executescript(TABLES)
            self._base.execute(f"PRAGMA user_version = {VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"the store cannot be opened: {error}", where=str(folder), to_do="check it") from error

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the index back."""
        self._base.close()

    @property
    def inbox(self) -> Path:
        """Where payloads arrive."""
        return self.folder / "inbox"

    @property
    def rejected(self) -> Path:
        """Where payloads go that cannot be read."""
        return self.folder / "rejected"

    @contextmanager
    def compacting(self) -> Iterator[None]:
        """One process at a time. Raises StorageError where another one is at it."""
        with (self.folder / ".compacting").open("wb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StorageError(
                    "another process is compacting this store", where=str(self.folder), to_do="let it finish"
                ) from error
            yield

    def files(self, row_class: str) -> list[Path]:
        """The Parquet files of a class that count."""
        names = self._base.execute("SELECT name FROM file WHERE class = ? ORDER BY name", (row_class,)).fetchall()
        return [self.folder / "data" / name for (name,) in names]

    def seen(self, boots: Sequence[Boot]) -> dict[Boot, Intervals]:
        """What has arrived of each of those boots."""
        found = {}
        with closing(self._base.cursor()) as cursor:
            for device_id, boot_id in boots:
                cursor.execute("SELECT start, stop FROM seen WHERE device_id = ? AND boot_id = ?", (device_id, boot_id))
                found[device_id, boot_id] = Intervals(cursor.fetchall())
        return found

    def add(
        self, files: Mapping[Path, tuple[str, int]], seen: Mapping[Boot, Intervals], duplicates: int, rejected: int
    ) -> None:
        """Make files part of the set: their class and rows, and what has then been seen of the boots they speak of.

        Raises:
            StorageError: the index refuses; nothing has changed.
        """
        data = self.folder / "data"
        try:
            self._base.execute("BEGIN IMMEDIATE")
            for path, (row_class, rows) in files.items():
                self._base.execute(
                    "INSERT INTO file VALUES (?, ?, ?)", (path.relative_to(data).as_posix(), row_class, rows)
                )
            for (device_id, boot_id), intervals in seen.items():
                self._base.execute("DELETE FROM seen WHERE device_id = ? AND boot_id = ?", (device_id, boot_id))
                self._base.executemany(
                    "INSERT INTO seen VALUES (?, ?, ?, ?)",
                    [(device_id, boot_id, start, end) for start, end in intervals.pairs()],
                )
            for name, rows in (("duplicates", duplicates), ("rejected", rejected)):
                self._base.execute(
                    "INSERT INTO counted VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET rows = rows + excluded.rows",
                    (name, rows),
                )
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
            raise StorageError(
                f"the index cannot be written: {error}", where=str(self.folder), to_do="free some space, try again"
            ) from error

    def remove_strays(self) -> int:
        """Delete Parquet files that do not count; how many. Only while compacting."""
        known = {name for (name,) in self._base.execute("SELECT name FROM file")}
        data, removed = self.folder / "data", 0
        for path in data.rglob("*.parquet*"):
            if path.relative_to(data).as_posix() not in known:
                path.unlink()
                removed += 1
        return removed

    def state(self) -> StoreState:
        """How much it holds."""
        rows = dict(self._base.execute("SELECT class, SUM(rows) FROM file GROUP BY class").fetchall())
        (files,) = self._base.execute("SELECT COUNT(*) FROM file").fetchone()
        counted = dict(self._base.execute("SELECT name, rows FROM counted").fetchall())
        return StoreState(
            rows={str(name): int(count) for name, count in rows.items()},
            files=int(files),
            duplicates=int(counted.get("duplicates", 0)),
            rejected=int(counted.get("rejected", 0)),
        )
