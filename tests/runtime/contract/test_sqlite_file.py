from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runtime.contract.errors import StorageError
from runtime.contract.sqlite_file import opened

TABLES = "CREATE TABLE IF NOT EXISTS thing (name TEXT);"


def made(path: Path, version: int = 2) -> sqlite3.Connection:
    return opened(
        path,
        TABLES,
        version,
        what="the shelf",
        waits_s=1.0,
        too_new_to_do="update",
        unreadable_to_do="check it",
        pragmas=("page_size = 1024",),
    )


def test_a_new_one_has_its_tables_its_version_and_commits_that_last(tmp_path: Path) -> None:
    with closing(made(tmp_path / "below" / "shelf.db")) as base:
        base.execute("INSERT INTO thing VALUES ('a')")
        found = [base.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "page_size", "journal_mode")]
        assert found == [2, 1024, "wal"]
        assert base.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    with closing(made(tmp_path / "below" / "shelf.db")) as base:
        assert base.execute("SELECT name FROM thing").fetchall() == [("a",)]


def test_an_earlier_version_is_taken_over_and_a_later_one_refused(tmp_path: Path) -> None:
    made(tmp_path / "shelf.db", 2).close()
    made(tmp_path / "shelf.db", 3).close()
    with pytest.raises(StorageError, match="the shelf is of version 3; this program writes 2"):
        made(tmp_path / "shelf.db", 2)


def test_what_is_no_database_or_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "shelf.db").write_text("something else, and long enough to be looked at as a header" * 9)
    with pytest.raises(StorageError, match="the shelf cannot be opened"):
        made(tmp_path / "shelf.db")
    with pytest.raises(StorageError, match="the shelf cannot be opened"):
        made(tmp_path / "shelf.db" / "below")
