"""The file of a capture comes back as it was written, or says why it cannot."""

from __future__ import annotations

import errno
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.sysfs.capture import Capture, Entry, EntryKind, Facts
from runtime.boards.sysfs.capture_file import load_capture, save_capture
from runtime.contract.errors import BoardError, StorageError

PATHS = st.lists(st.text(alphabet="abc.-0é", min_size=1).filter(lambda name: name not in (".", "..")), min_size=1).map(
    lambda parts: "/" + "/".join(parts)
)
MODES = st.none() | st.integers(0, 0o7777)
TIMES_S = st.none() | st.floats(0, 1e3)
ERRORS = st.sampled_from(sorted(errno.errorcode))
ENTRIES = st.one_of(
    st.builds(Entry, st.just(EntryKind.FILE), st.binary(), st.none(), MODES, TIMES_S, st.booleans()),
    st.builds(Entry, st.just(EntryKind.FILE), st.none(), ERRORS, MODES, TIMES_S),
    st.builds(Entry, st.just(EntryKind.FOLDER), st.none(), st.none() | ERRORS, MODES),
)
TEXTS = st.none() | st.text()
FACTS = st.builds(Facts, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.none() | st.booleans())


@given(st.dictionaries(PATHS, ENTRIES, max_size=8), FACTS)
def test_what_was_saved_comes_back(
    tmp_path_factory: pytest.TempPathFactory, entries: dict[str, Entry], facts: Facts
) -> None:
    path = tmp_path_factory.mktemp("capture") / "board.json"
    recorded = Capture(entries, facts)
    assert save_capture(recorded, path) == path.stat().st_size
    assert load_capture(path) == recorded
    assert [entry.name for entry in path.parent.iterdir()] == ["board.json"]


def good() -> dict[str, Any]:
    return {
        "format": "edge-runtime capture",
        "format_version": "1.0",
        "facts": {"kernel": "5.15"},
        "entries": {"/a": {"kind": "file", "text": "1\n", "mode": "0444", "read_s": 1e-5}},
    }


def refusal(tmp_path: Path, table: Any) -> str:
    path = tmp_path / "board.json"
    path.write_text(table if isinstance(table, str) else json.dumps(table))
    with pytest.raises(BoardError) as refused:
        load_capture(path)
    assert str(path) in str(refused.value)
    assert "to do:" in str(refused.value)
    return str(refused.value)


def test_keys_of_a_later_minor_version_are_left_aside(tmp_path: Path) -> None:
    table = good()
    table["format_version"], table["colour"], table["facts"]["colour"] = "1.7", "blue", "blue"
    table["entries"]["/a"]["colour"] = "blue"
    (tmp_path / "board.json").write_text(json.dumps(table))
    assert load_capture(tmp_path / "board.json").entries["/a"].value == b"1\n"


def test_a_newer_major_version_is_refused(tmp_path: Path) -> None:
    assert "format version 2.0; this program reads up to 1.x" in refusal(tmp_path, {**good(), "format_version": "2.0"})


@pytest.mark.parametrize("version", [None, 1, "one", "1"])
def test_a_version_that_is_none_is_refused(tmp_path: Path, version: object) -> None:
    assert "unreadable format version" in refusal(tmp_path, {**good(), "format_version": version})


@pytest.mark.parametrize("length", [1, 40, 120])
def test_a_file_that_was_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    assert "cut short or damaged" in refusal(tmp_path, json.dumps(good())[:length])


def test_a_file_of_opening_brackets_is_refused(tmp_path: Path) -> None:
    (tmp_path / "board.json").write_text("[" * 100_000)
    with pytest.raises(BoardError, match="cut short or damaged"):
        load_capture(tmp_path / "board.json")


@pytest.mark.parametrize("table", [[], {}, {"format": "something else"}, "1"])
def test_other_json_is_no_capture(tmp_path: Path, table: object) -> None:
    assert "not a capture" in refusal(tmp_path, table)


def test_a_file_that_is_no_text_is_no_capture(tmp_path: Path) -> None:
    (tmp_path / "board.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BoardError, match="not even text"):
        load_capture(tmp_path / "board.json")


@pytest.mark.parametrize(
    ("path", "entry", "message"),
    [
        ("a", {"kind": "file", "text": ""}, "not an absolute path"),
        ("/a/../b", {"kind": "file", "text": ""}, "not an absolute path"),
        ("/", {"kind": "folder"}, "not an absolute path"),
        ("/a", {"kind": "socket"}, "'socket' is not a valid EntryKind"),
        ("/a", {"text": ""}, "'kind'"),
        ("/a", {"kind": "file"}, "a value or an errno, and not both"),
        ("/a", {"kind": "file", "text": "", "errno": "EIO"}, "a value or an errno, and not both"),
        ("/a", {"kind": "file", "text": "", "base64": ""}, "text or base64, and not both"),
        ("/a", {"kind": "file", "text": 5}, "'int' object has no attribute 'encode'"),
        ("/a", {"kind": "file", "base64": "*"}, "base64"),
        ("/a", {"kind": "folder", "text": ""}, "a folder has no value"),
        ("/a", {"kind": "file", "errno": "EUNHEARDOF"}, "no errno is called 'EUNHEARDOF'"),
        ("/a", {"kind": "file", "errno": 13}, "no errno is called 13"),
        ("/a", {"kind": "file", "text": "", "mode": "rw"}, "invalid literal"),
        ("/a", {"kind": "file", "text": "", "read_s": -1}, "read_s is -1"),
        ("/a", {"kind": "file", "text": "", "read_s": "fast"}, "read_s is 'fast'"),
        ("/a", {"kind": "file", "text": "", "cut": 1}, "`cut` is true or false"),
        ("/a", 5, "lacks or garbles"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(tmp_path: Path, path: str, entry: object, message: str) -> None:
    assert re.search(message, refusal(tmp_path, {**good(), "entries": {path: entry}}))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("entries", []),
        ("entries", None),
        ("facts", {"kernel": 5}),
        ("facts", {"as_root": "yes"}),
        ("facts", {"simulated": "x"}),
    ],
)
def test_a_garbled_section_is_refused(tmp_path: Path, key: str, value: object) -> None:
    assert "lacks or garbles a key" in refusal(tmp_path, {**good(), key: value})


@pytest.mark.parametrize("key", ["facts", "entries"])
def test_a_missing_section_is_refused(tmp_path: Path, key: str) -> None:
    table = good()
    del table[key]
    assert f"lacks or garbles a key: '{key}'" in refusal(tmp_path, table)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="the capture cannot be read: No such file"):
        load_capture(tmp_path / "board.json")


@pytest.mark.parametrize("folder", ["absent", "a-file"])
def test_a_place_that_takes_no_file_is_said(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(StorageError, match="the capture cannot be written"):
        save_capture(Capture({}), tmp_path / folder / "board.json")


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "board.json"
    save_capture(Capture({}), path)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        save_capture(Capture({"/a": Entry(EntryKind.FILE, b"1")}), path)
    assert path.read_bytes() == before
