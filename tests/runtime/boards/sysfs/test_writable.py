"""Whether a file would take a write, found out without writing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from runtime.boards.sysfs import writable
from runtime.boards.sysfs.capture import Capture, CapturedIO
from runtime.boards.sysfs.tree import TreeIO
from runtime.boards.sysfs.writable import why_not_writable, why_refused

from .board_trees import MemoryTree, tree_with


class WithModes(MemoryTree):
    uid = 0

    def mode_of(self, path: str) -> int | None:
        return {"/a": 0o644, "/b": 0o444}.get(path)


def test_a_file_that_may_be_written_has_nothing_in_its_way_and_keeps_its_text(tmp_path: Path) -> None:
    tree = tree_with(tmp_path, {"/min_freq": "5"})
    assert why_not_writable(tree, "/min_freq") is None
    assert tree.read("/min_freq") == b"5"


def test_a_missing_file_is_named_missing(tmp_path: Path) -> None:
    assert why_not_writable(TreeIO(tmp_path), "/min_freq") == "no such file"


def test_a_closed_file_needs_root_and_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = tree_with(tmp_path, {"/min_freq": "5"})
    monkeypatch.setattr(writable.os, "access", lambda _, mode, **__: mode == os.F_OK)
    monkeypatch.setattr(writable.os, "supports_effective_ids", ())
    why = why_not_writable(tree, "/min_freq")
    assert why == f"permission denied: needs root; {writable.NEEDS_ROOT}"


def test_a_read_only_file_system_is_told_from_a_closed_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class ReadOnly:
        f_flag = os.ST_RDONLY

    tree = tree_with(tmp_path, {"/min_freq": "5"})
    monkeypatch.setattr(writable.os, "access", lambda _, mode, **__: mode == os.F_OK)
    monkeypatch.setattr(writable.os, "statvfs", lambda _: ReadOnly)
    assert "read-only file system" in (why_not_writable(tree, "/min_freq") or "")


def test_a_tree_that_knows_its_modes_and_its_user_is_asked_for_both() -> None:
    tree = WithModes({"/a": "1", "/b": "1"})
    assert why_not_writable(tree, "/a") is None
    assert "needs root" in (why_not_writable(tree, "/b") or "")  # sysfs holds root to the bits as well
    assert why_not_writable(tree, "/gone") == "no such file"
    tree.uid = 1000
    assert "needs root" in (why_not_writable(tree, "/a") or "")


def test_a_tree_that_says_nothing_is_believed_to_take_writes() -> None:
    assert why_not_writable(MemoryTree({"/a": "1"}), "/a") is None


def test_a_recording_takes_no_writes() -> None:
    assert why_not_writable(CapturedIO(Capture({})), "/a") == "a recording takes no writes"


def test_only_want_of_permission_is_mended_by_root() -> None:
    assert "powerd" in why_refused(OSError(errno.EPERM, ""))
    assert "powerd" not in why_refused(OSError(errno.EBUSY, ""))
