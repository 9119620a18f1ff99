from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from codesign.collect.intervals import Intervals
from codesign.collect.store import Store
from runtime.contract.errors import DataError, StorageError


def test_files_and_what_was_seen_are_known_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "data" / "inference" / "x.parquet"
    with Store(tmp_path) as store:
        store.add({path: ("inference", 5)}, {("d1", "b1"): Intervals([(0, 5)])}, 2, 1)
    with Store(tmp_path, must_exist=True) as store:
        assert store.files("inference") == [path]
        assert store.seen([("d1", "b1"), ("d2", "b1")])["d1", "b1"].pairs() == [(0, 5)]
        state = store.state()
        assert (state.rows, state.files, state.duplicates, state.rejected) == ({"inference": 5}, 1, 2, 1)


def test_an_addition_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "data" / "inference" / "x.parquet"
    with Store(tmp_path) as store:
        store.add({path: ("inference", 5)}, {}, 0, 0)
        with pytest.raises(StorageError, match="the index cannot be written"):
            store.add({path: ("inference", 5)}, {("d1", "b1"): Intervals([(0, 5)])}, 7, 0)
        assert store.seen([("d1", "b1")])["d1", "b1"].pairs() == []
        assert store.state().duplicates == 0


def test_parquet_files_that_do_not_count_are_removed(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        kept, stray = (tmp_path / "data" / "inference" / name for name in ("a.parquet", "b.parquet"))
        kept.parent.mkdir()
        kept.touch()
        stray.touch()
        store.add({kept: ("inference", 1)}, {}, 0, 0)
        assert store.remove_strays() == 1
        assert kept.exists()
        assert not stray.exists()


def test_what_is_no_store_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no telemetry"):
        Store(tmp_path / "none", must_exist=True)
    (tmp_path / "index.db").write_text("something else, and long enough to be looked at as a header" * 9)
    with pytest.raises(StorageError, match="cannot be opened"):
        Store(tmp_path)


def test_a_store_of_a_later_version_is_refused(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "index.db")
    base.execute("PRAGMA user_version = 9")
    base.close()
    with pytest.raises(StorageError, match="of version 9"):
        Store(tmp_path)
