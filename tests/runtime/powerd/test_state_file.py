"""The snapshot on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.boards.clocks import ClockSnapshot
from runtime.contract.errors import StorageError
from runtime.powerd.state_file import StateFile

FOUND = ClockSnapshot((("/sys/gpu/min", "0"), ("/sys/gpu/governor", "nvhost_podgov")))


def test_what_was_saved_is_loaded_by_the_next_process(tmp_path: Path) -> None:
    StateFile(tmp_path / "s.json", "boot-1").save(FOUND)
    assert StateFile(tmp_path / "s.json", "boot-1").load() == FOUND
    assert (tmp_path / "s.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["s.json"]


def test_a_state_of_another_boot_is_void(tmp_path: Path) -> None:
    StateFile(tmp_path / "s.json", "boot-1").save(FOUND)
    assert StateFile(tmp_path / "s.json", "boot-2").load() is None


def test_nothing_saved_is_nothing_to_restore(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "s.json", None)
    assert state.load() is None
    state.save(FOUND)
    state.remove()
    state.remove()
    assert state.load() is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 1}', '{"version": 9, "boot_id": "b", "found": []}', '{"version": "x"}']
)
def test_a_state_that_cannot_be_understood_is_said_not_skipped(tmp_path: Path, content: str) -> None:
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(StorageError, match=r"cannot be restored from its state file(.|\n)*reboot the board"):
        StateFile(tmp_path / "s.json", "b").load()


def test_a_folder_that_is_not_there_cannot_save(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the clocks found cannot be saved: No such file"):
        StateFile(tmp_path / "none" / "s.json", None).save(FOUND)


def test_a_state_that_others_may_have_written_is_not_believed(tmp_path: Path) -> None:
    state = StateFile(tmp_path / "s.json", None)
    state.save(FOUND)
    state.path.chmod(0o620)
    with pytest.raises(StorageError, match="others than root may have written it"):
        state.load()


def test_neither_a_link_nor_a_pipe_in_its_place_is_read(tmp_path: Path) -> None:
    StateFile(tmp_path / "elsewhere", None).save(FOUND)
    (tmp_path / "link.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="cannot be restored from its state file: OSError"):
        StateFile(tmp_path / "link.json", None).load()
    os.mkfifo(tmp_path / "pipe.json", 0o600)
    with pytest.raises(StorageError, match="others than root may have written it"):
        StateFile(tmp_path / "pipe.json", None).load()


def test_a_disk_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = StateFile(tmp_path / "s.json", None)
    state.save(FOUND)

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StorageError, match="cannot be saved: Input/output error"):
        state.save(FOUND)
    with pytest.raises(StorageError, match="the state file cannot be removed: Input/output error"):
        state.remove()
