"""The collected set: Parquet files by date and board, and an index that says which of them count.

    STORE/inbox/      payloads that have arrived and been acknowledged, not yet looked at
    STORE/data/<class>/date=<YYYY-MM-DD>/board=<board>/<number>.parquet
    STORE/index.db    which files count, and which sequence numbers of which boot are in them
    STORE/rejected/   payloads that could not be read, kept for whoever wants to know why

Files become part of the set, and their numbers seen, in one transaction of the index. A file that it does not name is
what a killed compaction left behind, and is removed by the next.

Several workers may compact at a time, each a share of the devices; each notes which segments it has read, and who reads
one last removes it. They must agree on the number of shares.
"""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runtime.contract.errors import DataError, StorageError
from runtime.contract.sqlite_file import opened

from .intervals import Intervals
from .share import Share

VERSION = 1
WHOLE = Share()
Boot = tuple[str, str]  # device_id, boot_id
TABLES = """
CREATE TABLE IF NOT EXISTS file (name TEXT PRIMARY KEY, class TEXT NOT NULL, rows INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    device_id TEXT NOT NULL, boot_id TEXT NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    PRIMARY KEY (device_id, boot_id, start)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counted (name TEXT PRIMARY KEY, rows INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS read_by (
    segment TEXT NOT NULL, share INTEGER NOT NULL, PRIMARY KEY (segment, share)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shares (count INTEGER NOT NULL);
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
        except OSError as error:
            raise StorageError(f"the store cannot be opened: {error}", where=str(folder), to_do="check it") from error
        self._base = opened(
            folder / "index.db",
            TABLES,
            VERSION,
            what="the store",
            waits_s=30.0,
            too_new_to_do="update edge-codesign on this machine",
            unreadable_to_do="check it",
        )

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
    def compacting(self, share: Share = WHOLE) -> Iterator[None]:
        """One process at a time, or one per share. Raises StorageError where another one is at it."""
        with ExitStack() as locks:
            together = locks.enter_context((self.folder / ".compacting").open("ab"))
            kind = fcntl.LOCK_EX if share == WHOLE else fcntl.LOCK_SH
            if share != WHOLE:
                self._lock(locks.enter_context((self.folder / f".compacting-{share.index}").open("ab")), fcntl.LOCK_EX)
            self._lock(together, kind)
            if self._shares() != share.of:
                self._lock(together, fcntl.LOCK_EX)  # nobody compacts in the shares of before
                self._begin_in(share.of)
                self._lock(together, kind)
                if self._shares() != share.of:  # between two locks there is a moment without any
                    raise self._busy()
            yield

    def _lock(self, file: BinaryIO, kind: int) -> None:
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise self._busy() from error

    def _busy(self) -> StorageError:
        return StorageError(
            "another process is compacting this store",
            where=str(self.folder),
            to_do="let it finish; give all the same N",
        )

    def _shares(self) -> int:
        found = self._base.execute("SELECT count FROM shares").fetchone()
        return 1 if found is None else int(found[0])

    def _begin_in(self, shares: int) -> None:
        """What was read in other shares is read anew; rows that are known are left out."""
        try:
            self._base.execute("BEGIN IMMEDIATE")
            self._base.execute("DELETE FROM shares")
            self._base.execute("INSERT INTO shares VALUES (?)", (shares,))
            self._base.execute("DELETE FROM read_by")
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unwritable(error) from error

    def to_read(self, segments: Sequence[Path], share: Share) -> list[Path]:
        """Those that a share has not read yet."""
        read = {name for (name,) in self._base.execute("SELECT segment FROM read_by WHERE share = ?", (share.index,))}
        return [path for path in segments if path.name not in read]

    def done_with(self, segments: Sequence[Path], share: Share) -> None:
        """Remove segments that all shares have read; `add` has noted that this one has."""
        for path in segments:
            (count,) = self._base.execute("SELECT COUNT(*) FROM read_by WHERE segment = ?", (path.name,)).fetchone()
            if share == WHOLE or count >= share.of:
                path.unlink(missing_ok=True)
                self._base.execute("DELETE FROM read_by WHERE segment = ?", (path.name,))

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
        self,
        files: Mapping[Path, tuple[str, int]],
        seen: Mapping[Boot, Intervals],
        duplicates: int,
        rejected: int,
        read: Sequence[Path] = (),
        share: Share = WHOLE,
    ) -> None:
        """Make files part of the set: their class and rows, and what has then been seen of the boots they speak of.

        Args:
            read: segments that this share has read with that.
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
            if share != WHOLE:
                self._base.executemany(
                    "INSERT OR IGNORE INTO read_by VALUES (?, ?)", [(path.name, share.index) for path in read]
                )
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: sqlite3.Error) -> StorageError:
        if self._base.in_transaction:
            self._base.execute("ROLLBACK")
        return StorageError(
            f"the index cannot be written: {error}", where=str(self.folder), to_do="free some space, try again"
        )

    def remove_strays(self, share: Share = WHOLE) -> int:
        """Delete Parquet files that do not count, of that share where it is one; how many. Only while compacting."""
        known = {name for (name,) in self._base.execute("SELECT name FROM file")}
        data, removed = self.folder / "data", 0
        for path in data.rglob(f"{'' if share == WHOLE else f'{share.index}-'}*.parquet*"):
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
