"""Pictures that appear in a folder."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from runtime.contract.arrays import UInt8Array
from runtime.contract.errors import ConfigError, DataError
from runtime.serve.folder import FolderSource
from runtime.serve.source import Frame


def read(path: Path) -> UInt8Array:
    content = path.read_bytes()
    if content == b"broken":
        raise DataError("picture cannot be read")
    return np.frombuffer(content, dtype=np.uint8)


class Watched:
    def __init__(self, folder: Path) -> None:
        self.folder, self.stop = folder, threading.Event()
        self.frames: Iterator[Frame] = FolderSource(folder, (".png",), read, look_s=0.001).frames(self.stop)

    def add(self, name: str, content: bytes = b"x", at_s: float = 1.0) -> None:
        (self.folder / name).write_bytes(content)
        os.utime(self.folder / name, (at_s, at_s))


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_pictures_are_answered_in_the_order_in_which_they_came(watched: Watched) -> None:
    watched.add("b.png", at_s=1.0)
    watched.add("a.PNG", at_s=2.0)
    watched.add("notes.txt")
    watched.add(".hidden.png")
    assert [next(watched.frames).name for _ in range(2)] == ["b.png", "a.PNG"]
    watched.add("c.png", at_s=3.0)
    assert next(watched.frames).name == "c.png"


def test_a_picture_is_answered_once_and_again_when_it_is_another(watched: Watched) -> None:
    watched.add("a.png", b"1")
    assert next(watched.frames).name == "a.png"
    watched.add("a.png", b"2", at_s=2.0)
    frame = next(watched.frames)
    assert frame.image is not None
    assert frame.image.tobytes() == b"2"
    watched.add("b.png")
    assert next(watched.frames).name == "b.png"


def test_a_picture_that_is_still_written_is_waited_for(tmp_path: Path) -> None:
    path, sizes = tmp_path / "a.png", []

    class Growing(FolderSource):
        def _found(self) -> dict[str, tuple[int, int]]:
            found = super()._found()
            sizes.append(found["a.png"][1])
            if len(sizes) < 4:
                path.write_bytes(b"x" * (len(sizes) + 1))
            return found

    path.write_bytes(b"x")
    frame = next(Growing(tmp_path, (".png",), read, look_s=0.001).frames(threading.Event()))
    assert frame.image is not None
    assert frame.image.tobytes() == b"xxxx"


def test_a_broken_picture_is_told_and_the_next_one_read(watched: Watched) -> None:
    watched.add("a.png", b"broken", at_s=1.0)
    watched.add("b.png", b"x", at_s=2.0)
    assert next(watched.frames).problem == "picture cannot be read"
    assert next(watched.frames).image is not None


def test_it_ends_when_it_is_stopped(watched: Watched) -> None:
    watched.stop.set()
    assert list(watched.frames) == []


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no folder"):
        FolderSource(tmp_path / "none", (".png",), read)


def test_a_folder_that_goes_away_is_told(watched: Watched) -> None:
    shutil.rmtree(watched.folder)
    with pytest.raises(ConfigError, match="cannot be read any more"):
        next(watched.frames)
