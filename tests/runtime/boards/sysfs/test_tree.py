"""A folder as a board's tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.boards.sysfs.tree import TreeIO


def test_this_machine_is_the_default() -> None:
    assert TreeIO().root == Path("/")
    assert b"Linux" in TreeIO().read("/proc/version")


def test_paths_of_a_board_lie_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "sys").mkdir()
    (tmp_path / "sys/value").write_bytes(b"gpu\0")
    assert TreeIO(tmp_path).read("/sys/value") == b"gpu\0"
    assert TreeIO(tmp_path).names("/sys") == ("value",)


def test_a_write_replaces_the_whole_value(tmp_path: Path) -> None:
    (tmp_path / "value").write_text("1020000000\n")
    TreeIO(tmp_path).write("/value", "0")
    assert (tmp_path / "value").read_text() == "0"


def test_a_write_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TreeIO(tmp_path).write("/value", "0")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_read_to_its_end_whatever_its_size_says(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(b"x" * 3_000_000)
    assert len(TreeIO(tmp_path).read("/long")) == 3_000_000


def test_names_are_sorted(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).touch()
    assert TreeIO(tmp_path).names("/") == ("a", "b", "c")
