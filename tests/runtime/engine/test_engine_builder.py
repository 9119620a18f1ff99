"""An engine is built in a process that is watched, and what went wrong there is told."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from runtime.contract.errors import EngineError
from runtime.engine.engine_builder import MIB, Builder, BuildLimits
from tests.closed_stages import closed
from tests.runtime.boards.sysfs.board_trees import MemoryTree
from tests.tiny_cascade import trunk_stages
from tests.trt_double import builds_with

STAGE = closed(trunk_stages()[:1], (3, 12, 16))[0]
SHELL = ("/bin/sh", "-c")


def build(builder: Builder, model: bytes = STAGE, **how: Path) -> bytes:
    return builder.build(model, "fp32", 64, where="stages/0.onnx", **how)


def test_what_the_builder_wrote_comes_back(tmp_path: Path) -> None:
    plan = build(Builder(program=builds_with()), timing_cache=tmp_path / "timing.cache")
    assert plan.startswith(b"PLAN")
    assert (tmp_path / "timing.cache").is_file()


def test_the_builders_own_words_are_told() -> None:
    with pytest.raises(EngineError, match=r"no engine for a stage: TensorRT .* cannot read the graph: Failed to parse"):
        build(Builder(program=builds_with()), b"no model")


def test_where_there_is_no_tensorrt_that_is_the_reason() -> None:
    with pytest.raises(EngineError, match=r"no engine for a stage: .*(CUDA|TensorRT)(.|\n)*where: stages/0\.onnx"):
        build(Builder())


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo out of memory >&2; exit 7", "ended with status 7: out of memory"),
        (
            "kill -9 $$",
            r"ended by signal 9 \(the kernel ends what takes too much memory with signal 9\): it said nothing",
        ),
        ("kill -11 $$", "ended by signal 11: it said nothing"),
        ("echo '[1]'", "ended with status 0"),
    ],
)
def test_a_builder_that_dies_says_how(script: str, why: str) -> None:
    with pytest.raises(EngineError, match=why):
        build(Builder(program=(*SHELL, script)))


def test_a_builder_that_takes_too_long_is_ended() -> None:
    limits = BuildLimits(time_s=0.05)
    with pytest.raises(EngineError, match=r"had not ended after 0\.05 s(.|\n)*--max-seconds"):
        build(Builder(limits, program=(*SHELL, "exec sleep 60")))


def test_a_builder_that_takes_too_much_memory_is_ended() -> None:
    limits = BuildLimits(resident_bytes=1 * MIB)
    with pytest.raises(EngineError, match=r"its builder took \d+ MiB of memory, more than 1 MiB"):
        build(Builder(limits, program=(sys.executable, "-c", "import time; time.sleep(60)")))


def test_a_builder_that_leaves_the_board_too_little_is_ended() -> None:
    little = MemoryTree({"/proc/meminfo": "MemTotal:  8000000 kB\nMemAvailable:   102400 kB\n"})
    with pytest.raises(EngineError, match=r"left the board 100 MiB of memory, less than 256 MiB"):
        build(Builder(program=(*SHELL, "exec sleep 60"), io=little))


def test_a_builder_that_cannot_be_started_is_an_error() -> None:
    with pytest.raises(EngineError, match="its builder cannot be started: No such file or directory"):
        build(Builder(program=("/no/such/program",)))


def test_what_the_builder_warned_of_is_reported() -> None:
    told: list[str] = []
    script = "import json,pathlib,sys; o=json.load(open(sys.argv[1])); pathlib.Path(o['plan']).write_bytes(b'p');"
    script += "print('chatter'); print(json.dumps({'said': 'a weight is small'}))"
    assert build(Builder(program=(sys.executable, "-c", script), report=told.append)) == b"p"
    assert told == ["stages/0.onnx: TensorRT's builder said: a weight is small"]


def test_where_there_is_no_room_for_its_files_that_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(EngineError, match=r"its files cannot be kept for as long as it takes: No space left on device"):
        build(Builder(program=(*SHELL, "exit 0")))


def test_modules_of_the_folder_one_happens_to_be_in_are_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runtime.py").write_text("raise SystemExit('somebody else is at work')")
    monkeypatch.chdir(tmp_path)  # an install as root may be started in a folder that came from anywhere
    with pytest.raises(EngineError, match=r"CUDA|TensorRT") as refused:
        build(Builder())
    assert "somebody else" not in refused.value.what


def test_times_are_kept_in_a_folder_that_is_named_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    build(Builder(program=builds_with()), timing_cache=Path("timing.cache"))
    assert (tmp_path / "timing.cache").is_file()
