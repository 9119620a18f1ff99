"""Files and links are replaced whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.contract.durable import point_link, write_file


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


def test_a_link_planted_in_place_of_the_unfinished_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep")
    (tmp_path / ".state.json.writing").symlink_to(tmp_path / "precious")
    write_file(tmp_path / "state.json", b"new")
    assert (tmp_path / "precious").read_text() == "keep"
    assert (tmp_path / "state.json").read_bytes() == b"new"
    assert not (tmp_path / "state.json").is_symlink()


def test_a_file_is_as_private_as_it_was_asked_to_be(tmp_path: Path) -> None:
    unfinished = tmp_path / ".state.json.writing"
    unfinished.touch()
    unfinished.chmod(0o666)  # of an earlier write, or of somebody who waits for the next
    write_file(tmp_path / "state.json", b"new", 0o600)
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
