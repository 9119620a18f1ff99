"""runtime/boards/sysfs/kept_open.py"""

from __future__ import annotations

import errno
import gc
import os
from pathlib import Path

import pytest

from runtime.boards.sysfs.kept_open import KeptOpenIO, for_frequent_reads
from runtime.boards.sysfs.tree import TreeIO


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 (names, not paths)


@pytest.fixture(name="io")
def a_tree(tmp_path: Path) -> KeptOpenIO:
    (tmp_path / "sensor").mkdir()
    (tmp_path / "sensor" / "power").write_text("5040\n")
    return KeptOpenIO(TreeIO(tmp_path))


def test_every_read_sees_what_was_written_since(io: KeptOpenIO) -> None:
    assert io.read("/sensor/power") == b"5040\n"
    io.write("/sensor/power", "12\n")
    assert io.read("/sensor/power") == b"12\n"
    assert io.names("/sensor") == ("power",)


def test_a_file_is_opened_once_and_closed_with_the_object(tmp_path: Path) -> None:
    (tmp_path / "power").write_text("5040\n")
    io, before = KeptOpenIO(TreeIO(tmp_path)), open_files()
    for _ in range(50):
        io.read("/power")
    assert open_files() == before + 1
    io.close()
    assert open_files() == before
    io.read("/power")  # closing is no end
    del io
    gc.collect()
    assert open_files() == before


def test_errors_are_the_kernels_and_leave_nothing_open(io: KeptOpenIO) -> None:
    before = open_files()
    with pytest.raises(FileNotFoundError):
        io.read("/sensor/gone")
    with pytest.raises(IsADirectoryError):
        io.read("/sensor")
    assert open_files() == before


def test_a_device_that_has_gone_is_looked_for_afresh(io: KeptOpenIO, monkeypatch: pytest.MonkeyPatch) -> None:
    assert io.read("/sensor/power") == b"5040\n"
    really, failures = os.pread, [OSError(errno.ENODEV, "No such device")]

    def pread(descriptor: int, count: int, offset: int) -> bytes:
        if failures:
            raise failures.pop()
        return really(descriptor, count, offset)

    monkeypatch.setattr(os, "pread", pread)
    assert io.read("/sensor/power") == b"5040\n"
    assert failures == []


def test_only_the_file_system_is_kept_open(tmp_path: Path, io: KeptOpenIO) -> None:
    assert isinstance(for_frequent_reads(TreeIO(tmp_path)), KeptOpenIO)
    assert for_frequent_reads(io) is io
