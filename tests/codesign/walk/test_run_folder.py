"""The run folder: files appear whole or not at all, and a run is only continued as what it was."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.walk.run_folder import (
    RUN,
    RunFolder,
    clear_storage_errors,
    note_cache,
    noted_cache,
    read_arrays,
    read_settings,
    start,
    whole_file,
    write_arrays,
    write_text,
)
from runtime.contract.errors import ConfigError, StorageError

SETTINGS = {"seed": 0, "max_latency_s": None, "space": "tiny"}
INPUTS = {"the images": "abc", "the space": "def", "the supernet": None}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_new_folder_holds_how_it_was_started(tmp_path: Path) -> None:
    folder = start(tmp_path / "a" / "b", SETTINGS, INPUTS, resume=False)
    assert json.loads((folder.path / RUN).read_text()) == {"settings": SETTINGS, "inputs": INPUTS}
    assert names(folder.path) == [RUN]
    for part in (folder.backbones, folder.fronts, folder.finalists, folder.test_logs, folder.logits):
        assert part.is_dir()


def test_every_path_lies_in_the_folder_and_no_two_are_one(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    paths = [getattr(folder, name) for name, value in vars(RunFolder).items() if isinstance(value, property)]
    assert len(paths) >= 10
    assert len(set(paths)) == len(paths)
    assert all(tmp_path in path.parents for path in paths)


def test_an_empty_folder_is_as_good_as_a_new_one_and_resuming_nothing_starts(tmp_path: Path) -> None:
    start(tmp_path, SETTINGS, INPUTS, resume=False)
    start(tmp_path / "other", SETTINGS, INPUTS, resume=True)


def test_a_run_is_continued_with_the_same_options_only(tmp_path: Path) -> None:
    start(tmp_path, SETTINGS, INPUTS, resume=False)
    start(tmp_path, SETTINGS, INPUTS, resume=True)
    with pytest.raises(ConfigError, match="already holds a run\n  to do: add --resume"):
        start(tmp_path, SETTINGS, INPUTS, resume=False)


@pytest.mark.parametrize(
    ("settings", "inputs", "named"),
    [
        ({"seed": 1}, {}, "seed changed"),
        ({"seed": 1, "max_latency_s": 0.1}, {"the images": "x"}, "max_latency_s, seed changed"),
        ({"new_option": 3}, {}, "new_option changed"),
        ({}, {"the images": "x"}, "the images changed"),
        ({}, {"the supernet": "x", "the space": "y"}, "the space, the supernet changed"),
    ],
)
def test_what_differs_is_named_and_an_input_only_where_the_options_agree(
    tmp_path: Path, settings: dict[str, Any], inputs: dict[str, str], named: str
) -> None:
    start(tmp_path, SETTINGS, INPUTS, resume=False)
    before = (tmp_path / RUN).read_bytes()
    with pytest.raises(ConfigError, match=f"was started differently: {named}\n  where: .*{RUN}\n  to do: resume with"):
        start(tmp_path, SETTINGS | settings, INPUTS | inputs, resume=True)
    assert (tmp_path / RUN).read_bytes() == before


@pytest.mark.parametrize("content", ["", "[]", "{", '{"settings": {}}', '{"settings": 3, "inputs": {}}', "\x00"])
def test_a_garbled_record_of_the_start_is_not_overwritten(tmp_path: Path, content: str) -> None:
    (tmp_path / RUN).write_text(content)
    with pytest.raises(StorageError, match=r"how the run was started cannot be read.*\n  where: .*\n  to do: choose"):
        start(tmp_path, SETTINGS, INPUTS, resume=True)
    assert (tmp_path / RUN).read_text() == content


def test_files_of_somebody_else_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for resume in (False, True):
        with pytest.raises(ConfigError, match="is not empty and holds no run\n  to do: choose another --out"):
            start(tmp_path, SETTINGS, INPUTS, resume=resume)
        with pytest.raises(ConfigError, match=r"thesis\.tex is a file, not a folder"):
            start(tmp_path / "thesis.tex", SETTINGS, INPUTS, resume=resume)
    assert names(tmp_path) == ["thesis.tex"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), RuntimeError("died"), KeyboardInterrupt()])
def test_an_unfinished_file_leaves_nothing_behind_and_the_old_one_untouched(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def write() -> None:
        with whole_file(path) as unfinished:
            unfinished.write_text("half of the new")
            raise error

    with pytest.raises((StorageError, RuntimeError, KeyboardInterrupt)):
        write()
    assert names(tmp_path) == ["x.txt"]
    assert path.read_text() == "old"


def test_a_finished_file_takes_the_place_of_the_old_one_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")
    with whole_file(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["x.txt"]


@pytest.mark.parametrize(
    ("number", "message"), [(errno.ENOSPC, "the disk is full"), (errno.EACCES, os.strerror(errno.EACCES))]
)
def test_a_refusing_disk_is_told_with_its_place(tmp_path: Path, number: int, message: str) -> None:
    with (
        pytest.raises(StorageError, match=f"cannot write: {message}\n  where: {tmp_path}\n  to do: .*--resume"),
        clear_storage_errors(tmp_path),
    ):
        raise OSError(number, os.strerror(number))


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    arrays = {
        "ints": np.arange(6).reshape(2, 3),
        "floats": np.asarray([0.1, -np.inf, np.nan]),
        "names": np.asarray(["cat", "ä"]),
        "none": np.zeros((0, 3), dtype=np.float32),
    }
    write_arrays(tmp_path / "x.npz", arrays)
    found = read_arrays(tmp_path / "x.npz")
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_no_array_at_all_is_no_array_at_all(tmp_path: Path) -> None:
    write_arrays(tmp_path / "x.npz", {})
    assert read_arrays(tmp_path / "x.npz") == {}


def test_a_file_cut_short_anywhere_is_told_never_taken(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, {"a": np.arange(50.0), "b": np.arange(5)})
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(StorageError, match=r"a saved step cannot be read.*\n  where: .*x\.npz\n  to do: delete"):
            read_arrays(path)


def test_a_file_overwritten_anywhere_is_told_or_its_arrays_are_what_they_were(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    written = {"a": np.arange(50.0), "b": np.arange(5)}
    write_arrays(path, written)
    whole, told = path.read_bytes(), 0
    for at in range(0, len(whole), 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            found = read_arrays(path)
        except StorageError:
            told += 1
        else:
            assert len(found) <= 2  # damage to the archive's directory may hide an array, which readers look for
            for name in found.keys() & written.keys():
                np.testing.assert_array_equal(found[name], written[name])
    assert told > 20


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="a saved step cannot be read"):
        read_arrays(tmp_path / "absent.npz")


def test_the_options_of_a_run_are_read_back_and_a_folder_without_a_run_is_told(tmp_path: Path) -> None:
    start(tmp_path / "run", {"board": "tx2"}, {}, resume=False)
    assert read_settings(tmp_path / "run") == {"board": "tx2"}
    with pytest.raises(ConfigError, match="holds no run"):
        read_settings(tmp_path)


def test_a_run_says_where_its_supernet_is_kept_as_long_as_it_is_there(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    folder = start(tmp_path / "run", {}, {}, resume=False)
    assert noted_cache(folder.path) is None
    note_cache(folder, cache)
    assert noted_cache(folder.path) == cache
    cache.rmdir()
    assert noted_cache(folder.path) is None
