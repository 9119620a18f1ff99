"""Files and links are replaced whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.install.durable import point_link, write_file


def test_a_file_keeps_its_content_when_the_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    write_file(path, b"old")

    def fails(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_a_link_moves_from_one_target_to_the_next(tmp_path: Path) -> None:
    point_link(tmp_path / "current", "a")
    point_link(tmp_path / "current", "b")
    assert (tmp_path / "current").readlink() == Path("b")
    assert [entry.name for entry in tmp_path.iterdir()] == ["current"]


def test_a_switch_that_was_cut_short_does_not_hinder_the_next(tmp_path: Path) -> None:
    (tmp_path / ".current.switching").symlink_to("half")
    point_link(tmp_path / "current", "b")
    assert (tmp_path / "current").readlink() == Path("b")
