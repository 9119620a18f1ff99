"""Errors become one clear message and an exit status."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from runtime.commands import status
from runtime.commands.main import COMMANDS, main
from tests.runtime.commands.conftest import WITHOUT_ROOT, Outcome

Call = Callable[..., Outcome]


def failing(error: BaseException) -> Callable[[Namespace], int]:
    def run(_: Namespace) -> int:
        raise error

    return run


def test_what_the_user_can_mend_is_printed_without_a_traceback(call: Call, tmp_path: Path) -> None:
    outcome = call("install", tmp_path / "nowhere")
    assert outcome.status == 2
    assert outcome.out == ""
    assert outcome.err.startswith("edge-runtime: ")
    assert "is not a bundle" in outcome.err
    assert "to do:" in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    ("error", "exit_status", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/x/y"), 2, "the disk is full\n  where: /x/y"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/x"), 2, "permission denied: .*\n  where: /x"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/x"), 2, "permission denied: Read-only file system"),
    ],
)
def test_other_failures_have_a_status_and_a_message(
    call: Call, monkeypatch: pytest.MonkeyPatch, error: BaseException, exit_status: int, message: str
) -> None:
    import re

    monkeypatch.setattr(status, "run", failing(error))
    outcome = call("status")
    assert outcome.status == exit_status
    assert re.search(message, outcome.err)


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"edge-codesign {version('edge-codesign')}\n"


def test_an_unforeseen_failure_is_not_dressed_up(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "run", failing(OSError(errno.EIO, os.strerror(errno.EIO))))
    with pytest.raises(OSError, match="Input/output error"):
        call("status")


def test_help_lists_every_command_with_the_first_line_of_its_docstring(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["--help"])
    assert exit_info.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    for name in COMMANDS:
        assert f"{name} " in printed
    assert "Return to the bundle that was current before." in printed


@pytest.mark.parametrize("name", sorted({*COMMANDS} - {*WITHOUT_ROOT}))
def test_each_command_explains_itself_and_takes_a_root(capsys: pytest.CaptureFixture[str], name: str) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main([name, "--help"])
    assert exit_info.value.code == 0
    printed = capsys.readouterr().out
    assert "--root DIR" in printed
    assert "/var/lib/edge-runtime" in printed
    assert "--json" in printed


@pytest.mark.parametrize("arguments", [[], ["explode"], ["run"], ["install"]])
def test_a_wrong_call_is_told_how(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert "usage: edge-runtime" in capsys.readouterr().err


def test_the_package_can_be_run() -> None:
    done = subprocess.run([sys.executable, "-m", "runtime", "--help"], capture_output=True, text=True, check=True)
    assert "edge-runtime" in done.stdout
