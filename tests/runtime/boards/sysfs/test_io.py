"""What every tree of files must do, and what is read out of one.

Implementations: a folder, the behavioural model, the model behind a socket, and every `TREES` of a module
`tests/runtime/boards/*_implementations.py` (name -> zero-argument callable). Each holds what `BOARD` names.
"""

from __future__ import annotations

import errno
import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.boards.behaviour import RealTime, behavioural_board
from runtime.boards.behaviour.remote import RemoteIO, TreeServer
from runtime.boards.sysfs.io import (
    SysfsIO,
    exists,
    int_or_none,
    ints_of,
    names_or_none,
    text_of,
    text_or_none,
    why_not,
)
from runtime.boards.sysfs.tree import TreeIO

MODEL, CLASS = "/proc/device-tree/model", "/sys/class/devfreq"
NODE = f"{CLASS}/17000000.gpu"
CUR, TABLE = f"{NODE}/cur_freq", f"{NODE}/available_frequencies"
FOUND = {
    path.stem: getattr(importlib.import_module(f"tests.runtime.boards.{path.stem}"), "TREES", {})
    for path in sorted(Path(__file__).parents[1].glob("*_implementations.py"))
}
TREES: dict[str, Callable[[], SysfsIO]] = {name: make for trees in FOUND.values() for name, make in trees.items()}


def folder(root: Path) -> TreeIO:
    (root / NODE.lstrip("/")).mkdir(parents=True)
    (root / MODEL.lstrip("/")).parent.mkdir(parents=True)
    (root / MODEL.lstrip("/")).write_bytes(b"NVIDIA Jetson Orin Nano\0")
    (root / CUR.lstrip("/")).write_bytes(b"306000000\n")
    (root / TABLE.lstrip("/")).write_bytes(b"306000000 408000000\n")
    return TreeIO(root)


@pytest.fixture(params=["a folder", "the model", "the model behind a socket", *TREES])
def io(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SysfsIO]:
    if request.param == "a folder":
        yield folder(tmp_path)
    elif request.param == "the model":
        yield behavioural_board("orin-nano-super")
    elif request.param == "the model behind a socket":
        tree = behavioural_board("orin-nano-super", time=RealTime(0.0))
        with TreeServer(tree, tmp_path / "kernel.sock") as server:
            remote = RemoteIO(server.socket_path)
            yield remote
            remote.close()
    else:
        yield TREES[request.param]()


def refused(use: Callable[[], object]) -> int | None:
    with pytest.raises(OSError, match=r"\[Errno") as caught:
        use()
    return caught.value.errno


def test_bytes_come_as_they_are_with_nul_and_line_end(io: SysfsIO) -> None:
    assert io.read(MODEL).endswith(b"\0")
    assert io.read(CUR).endswith(b"\n")


def test_names_are_sorted_and_bare(io: SysfsIO) -> None:
    names = io.names(NODE)
    assert {"available_frequencies", "cur_freq"} <= set(names)
    assert list(names) == sorted(names)
    assert io.names(f"{NODE}/") == names
    assert "sys" in io.names("/")


def test_what_is_not_there_is_enoent_to_every_verb(io: SysfsIO) -> None:
    missing = f"{NODE}/missing"
    for use in (lambda: io.read(missing), lambda: io.write(missing, "1"), lambda: io.names(missing)):
        assert refused(use) == errno.ENOENT
    assert missing.rpartition("/")[2] not in io.names(NODE)


def test_a_folder_is_no_file_and_a_file_no_folder(io: SysfsIO) -> None:
    assert refused(lambda: io.read(NODE)) == errno.EISDIR
    assert refused(lambda: io.names(CUR)) == errno.ENOTDIR
    assert refused(lambda: io.read(f"{CUR}/more")) == errno.ENOTDIR


def test_an_error_names_its_path(io: SysfsIO) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        io.read(f"{NODE}/missing")
    assert str(caught.value.filename).endswith(f"{NODE}/missing")


def test_text_is_without_nul_and_white_space(io: SysfsIO) -> None:
    assert text_of(io, MODEL).startswith("NVIDIA Jetson Orin Nano")
    assert "\0" not in text_of(io, MODEL)
    assert text_of(io, CUR).isdecimal()


def test_numbers_are_read_or_none(io: SysfsIO) -> None:
    assert ints_of(io, TABLE)[:2] == (306_000_000, 408_000_000)
    assert int_or_none(io, CUR) is not None
    assert int_or_none(io, MODEL) is None
    assert int_or_none(io, f"{NODE}/missing") is None
    assert ints_of(io, f"{NODE}/missing") == ()
    assert text_or_none(io, f"{NODE}/missing") is None


def test_what_is_there_can_be_told_without_reading_it(io: SysfsIO) -> None:
    assert exists(io, CUR)
    assert exists(io, f"{CLASS}/")
    assert exists(io, "/sys")
    assert not exists(io, f"{NODE}/missing")
    assert not exists(io, "/missing/file")
    assert names_or_none(io, "/missing") == ()


class One:
    """A tree of one file."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, path: str) -> bytes:
        del path
        return self._content

    def write(self, path: str, text: str) -> None:
        raise NotImplementedError(path, text)

    def names(self, folder: str) -> tuple[str, ...]:
        raise NotImplementedError(folder)


@pytest.mark.parametrize(
    ("content", "number"),
    [(b"32760 ma\n", 32760), (b"-12\n", -12), (b"5\0", 5), (b"", None), (b"<unsupported>\n", None), (b"\xff\n", None)],
)
def test_a_whole_number_may_carry_its_unit(content: bytes, number: int | None) -> None:
    assert int_or_none(One(content), "/x") == number


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "permission denied: needs root"),
        (errno.ENODATA, "the channel is disabled"),
        (errno.EAGAIN, "powered down at this moment"),
        (errno.EINVAL, "the driver refuses the value"),
        (errno.ENODEV, os.strerror(errno.ENODEV)),
    ],
)
def test_errors_are_put_into_words(number: int, words: str) -> None:
    assert why_not(OSError(number, os.strerror(number))) == words


def test_an_error_without_a_number_says_what_it_can() -> None:
    assert why_not(OSError("odd")) == "odd"
