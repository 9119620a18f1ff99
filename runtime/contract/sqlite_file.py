"""A SQLite file of known version and tables, whose commits are on the disk when they return."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from .errors import StorageError


def opened(
    path: Path,
    tables: str,
    version: int,
    *,
    what: str,
    waits_s: float,
    too_new_to_do: str,
    unreadable_to_do: str,
    pragmas: Sequence[str] = (),
) -> sqlite3.Connection:
    """Open it, or make it with its folder; for all threads of this process, one at a time.

    Args:
        tables: statements that make what is not there yet.
        version: that this program writes; an earlier one is taken over, a later one refused.
        what: the file is, for people, such as "the spool".
        waits_s: for another process that is at it.
        pragmas: such as "page_size = 1024", before anything is made.
    Raises:
        StorageError: it cannot be opened, is damaged, or is of a later version.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as undone:
            base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=waits_s)
            undone.callback(base.close)
            for pragma in (*pragmas, "journal_mode = WAL", "synchronous = FULL"):
                base.execute(f"PRAGMA {pragma}")
            (found,) = base.execute("PRAGMA user_version").fetchone()
            if found > version:
                raise StorageError(
                    f"{what} is of version {found}; this program writes {version}", where=str(path), to_do=too_new_to_do
                )
            base.executescript(tables)
            base.execute(f"PRAGMA user_version = {version}")
            undone.pop_all()
    except (OSError, sqlite3.Error) as error:
        raise StorageError(f"{what} cannot be opened: {error}", where=str(path), to_do=unreadable_to_do) from error
    return base
