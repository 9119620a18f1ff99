from __future__ import annotations

from pathlib import Path

import pytest

from codesign.collect.segments import Segments, closed_segments
from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.telemetry_bundle import unbundled


def held(inbox: Path) -> list[bytes]:
    return [payload for path in closed_segments(inbox) for payload in unbundled(path.read_bytes())]


def test_what_was_put_is_in_a_closed_file_after_rotation(tmp_path: Path) -> None:
    segments = Segments(tmp_path, "w1")
    segments.put([b"a", b"bb"])
    segments.put([b"ccc"])
    assert closed_segments(tmp_path) == []
    segments.rotate()
    assert held(tmp_path) == [b"a", b"bb", b"ccc"]
    segments.close()


def test_a_file_is_closed_when_it_is_large_or_old(tmp_path: Path) -> None:
    now = [0.0]
    segments = Segments(tmp_path, "w1", most_bytes=100, most_s=10.0, now_s=lambda: now[0])
    segments.put([b"x" * 120])
    assert len(closed_segments(tmp_path)) == 1
    segments.put([b"y"])
    segments.rotate(only_old=True)
    assert len(closed_segments(tmp_path)) == 1
    now[0] = 11.0
    segments.rotate(only_old=True)
    assert held(tmp_path) == [b"x" * 120, b"y"]
    segments.close()


def test_what_a_killed_worker_left_open_is_closed_by_the_next_of_its_name(tmp_path: Path) -> None:
    segments = Segments(tmp_path, "w1")
    segments.put([b"a"])
    segments._held.close()  # as if killed: the lock is gone, the file is open
    again = Segments(tmp_path, "w1")
    assert held(tmp_path) == [b"a"]
    again.close()
    assert segments._file is not None
    segments._file.close()


def test_two_workers_of_one_name_are_refused_and_of_two_names_are_not(tmp_path: Path) -> None:
    segments, other = Segments(tmp_path, "w1"), Segments(tmp_path, "w2")
    with pytest.raises(StorageError, match="another worker 'w1'"):
        Segments(tmp_path, "w1")
    segments.close()
    other.close()


def test_a_disk_that_refuses_acknowledges_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segments = Segments(tmp_path, "w1")
    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", lambda _fd: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(StorageError, match="No space left"):
            segments.put([b"a"])
    segments.put([b"b"])  # into another file
    segments.close()
    assert held(tmp_path)[-1:] == [b"b"]


@pytest.mark.parametrize("name", ["", "../x", "a" * 41])
def test_a_worker_whose_name_cannot_be_a_files_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a worker"):
        Segments(tmp_path, name)
