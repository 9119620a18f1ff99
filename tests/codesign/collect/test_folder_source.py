from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codesign.collect.folder_source import take_folders
from codesign.collect.segments import Segments, closed_segments
from runtime.contract.errors import DataError
from runtime.contract.telemetry_bundle import bundled, unbundled


@pytest.fixture
def segments(tmp_path: Path) -> Iterator[Segments]:
    segments = Segments(tmp_path / "inbox", "w1")
    yield segments
    segments.close()


def kept(segments: Segments, tmp_path: Path) -> list[bytes]:
    segments.rotate()
    return [payload for path in closed_segments(tmp_path / "inbox") for payload in unbundled(path.read_bytes())]


def test_bundles_at_any_depth_are_taken_and_left_or_removed(segments: Segments, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    (stick / "board1").mkdir(parents=True)
    (stick / "board1" / "a.telemetry").write_bytes(bundled([b"a", b"b"]))
    (stick / "notes.txt").write_text("not telemetry")
    assert take_folders([stick], segments, remove=False).payloads == 2
    assert (stick / "board1" / "a.telemetry").exists()
    assert take_folders([stick], segments, remove=True).files == 1
    assert not (stick / "board1" / "a.telemetry").exists()
    assert (stick / "notes.txt").exists()
    assert kept(segments, tmp_path) == [b"a", b"b", b"a", b"b"]


def test_of_a_damaged_file_what_is_whole_is_taken_and_the_file_is_left(segments: Segments, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "cut.telemetry").write_bytes(bundled([b"a", b"bbbb"])[:-2])
    (stick / "other.telemetry").write_bytes(b"a picture of a cat")
    taken = take_folders([stick], segments, remove=True)
    assert (taken.files, taken.payloads, len(taken.damaged)) == (2, 1, 2)
    assert len(list(stick.iterdir())) == 2
    assert kept(segments, tmp_path) == [b"a"]


def test_a_folder_that_is_not_there_is_said(segments: Segments, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no folder"):
        take_folders([tmp_path / "stick"], segments, remove=False)
