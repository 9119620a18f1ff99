"""codesign/walk/archive_file.py: nothing that was found out is lost to a crash, a second writer or a bad line."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from codesign.walk.archive_file import OWN_HEADS, SHARED_HEADS, Entry, append_entries, read_archive
from runtime.contract.errors import StorageError

LINES, WRITERS = 20, 2


def entry(number: int, note: str = "") -> Entry:
    values = {"accuracy": number / 7.0, "note": note}
    return Entry("backbone", SHARED_HEADS, f"b{number}", {"images": "x"}, values, {"a.npz": "00"}, {"time": "now"})


def test_what_is_added_is_read_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "archive.jsonl"
    append_entries(path, [entry(0), entry(1)])
    append_entries(path, [])
    append_entries(path, [entry(2, "über 50 %")])
    found = read_archive(path)
    assert found.entries == (entry(0), entry(1), entry(2, "über 50 %"))
    assert found.damaged == ()
    assert found.told(path) is None


def test_damaged_lines_are_skipped_counted_and_said(tmp_path: Path) -> None:
    path = tmp_path / "archive.jsonl"
    append_entries(path, [entry(number) for number in range(6)])
    lines = path.read_bytes().splitlines()
    lines[1] = lines[1][:30]
    lines[3] = b"\xff\xfe nonsense"
    lines[4] = b"[1, 2]"
    path.write_bytes(b"\n".join(lines) + b"\n\n")
    found = read_archive(path)
    assert [e.name for e in found.entries] == ["b0", "b2", "b5"]
    assert found.damaged == (2, 4, 5)
    assert found.told(path) == f"{path}: 3 damaged lines skipped (2, 4, 5); all others were read"


@pytest.mark.parametrize(
    "line",
    ['{"schema": "2.0"}', '{"schema": "1.0", "what": "backbone"}', "null", "1e999", '{"schema": "1.0", "what": 1,'],
)
def test_a_line_of_another_kind_is_damaged(tmp_path: Path, line: str) -> None:
    path = tmp_path / "archive.jsonl"
    path.write_text(line + "\n", encoding="utf-8")
    assert read_archive(path).damaged == (1,)


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "archive.jsonl"
    append_entries(path, [entry(0), entry(1)])
    path.write_bytes(path.read_bytes()[:-20])  # killed while writing
    append_entries(path, [entry(2)])
    found = read_archive(path)
    assert [e.name for e in found.entries] == ["b0", "b2"]
    assert found.damaged == (2,)


def test_writers_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "archive.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, number)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = read_archive(path)
    assert found.damaged == ()
    assert sorted(e.name for e in found.entries) == sorted(f"b{number}" for number in range(LINES * WRITERS))


def _write(path: Path, writer: int) -> None:
    for number in range(LINES):
        append_entries(path, [entry(writer * LINES + number, "x" * 20_000)])


def test_entries_of_another_fidelity_are_other_entries() -> None:
    assert entry(0).key != Entry("backbone", OWN_HEADS, "b0", {}, {}).key


def test_an_archive_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"the archive cannot be read: .*\n  where: .*gone"):
        read_archive(tmp_path / "gone")
