"""Errors become one clear message and an exit status; help comes from the docstrings, fast."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codesign.commands import compile as compile_command
from codesign.commands import evaluate
from codesign.commands import main as main_module
from codesign.commands.main import COMMANDS, GO_ON, main
from runtime.contract.errors import ConfigError

COMPILE = ["compile", "--data", "digits", "--board", "tx2", "--out", "x"]
ADD = "add --resume: what was finished is kept"


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def failing(error: BaseException) -> Callable[[Namespace], int]:
    def run(_: Namespace) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (ConfigError("no such thing", where="here", to_do="that"), 2, "no such thing\n  where: here\n  to do: that\n"),
        (OSError(errno.ENOSPC, "No space left"), 2, f"the disk is full\n  to do: mend this, then {ADD}\n"),
        (PermissionError(errno.EACCES, "No", "/x"), 2, f"[Errno 13] No: '/x'\n  to do: mend this, then {ADD}\n"),
        (KeyboardInterrupt(), 130, f"interrupted; to go on, {ADD}\n"),
    ],
)  # fmt: skip
def test_a_failure_has_a_status_and_one_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    message: str,
) -> None:
    monkeypatch.setattr(compile_command, "run", failing(error))
    assert main(COMPILE) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.strip("\n") == f"codesign: {message}".strip("\n")


def test_only_commands_that_can_resume_speak_of_resuming(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate, "run", failing(KeyboardInterrupt()))
    assert main(["evaluate", "x", "--data", "digits"]) == 130
    assert "--resume" not in capsys.readouterr().err
    assert GO_ON.keys() == COMMANDS.keys()


def test_an_unforeseen_failure_is_not_dressed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_command, "run", failing(ZeroDivisionError("a defect")))
    with pytest.raises(ZeroDivisionError, match="a defect"):
        main(COMPILE)


def test_where_only_the_boards_part_is_installed_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("scipy.stats", "codesign.nothing"):

        def missing(name: str = name) -> None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        monkeypatch.setattr(main_module, "parser", missing)
        if name.startswith("codesign"):
            with pytest.raises(ModuleNotFoundError):
                main_module.main(["fleet"])
        else:
            assert main_module.main(["fleet"]) == 2
            assert "scipy.stats is missing" in capsys.readouterr().err


def test_being_told_to_end_is_an_interruption(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_: Namespace) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return 0

    monkeypatch.setattr(compile_command, "run", run)
    assert main(COMPILE) == 130
    assert "interrupted" in capsys.readouterr().err


def test_help_lists_every_command_with_the_first_line_of_its_docstring(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(["--help"])
    assert exit_info.value.code == 0
    printed = " ".join(capsys.readouterr().out.split())
    for text in (
        "compile Compile a data set for a board: search, write a bundle, and show in a report what it saves",
        "train-supernet Train a supernet once, so that many compilations can share it",
        "evaluate Evaluate a bundle on any labelled images: accuracy, exits, expected cost, for every mode",
    ):
        assert text in printed


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("compile", ["--data", "--board", "--out", "--resume", "--dry-run", "back_to_back", "orin-nano-super", "tiny"]),
        ("train-supernet", ["--data", "--out", "--space", "--supernet", "--epochs", "--augment", "--seed", "--cache"]),
        ("evaluate", ["bundle", "--data", "--mode", "--seed", "--json", "npz:FILE"]),
    ],
)
def test_each_command_explains_its_options(
    capsys: pytest.CaptureFixture[str], command: str, options: list[str]
) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main([command, "--help"])
    assert exit_info.value.code == 0
    printed = capsys.readouterr().out
    for option in options:
        assert option in printed


@pytest.mark.parametrize("arguments", [[], ["explode"], ["compile"], ["evaluate"], ["compile", "--epochs", "many"]])
def test_a_wrong_call_is_told_how(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert "usage: codesign" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_needs_torch_to_explain_itself(command: str) -> None:
    code = (
        "import sys\n"
        "from codesign.commands.main import main\n"
        f"try:\n    main([{command!r}, '--help'])\n"
        "except SystemExit as error:\n    assert error.code == 0\n"
        "heavy = {'torch', 'onnx', 'onnxruntime', 'pymoo', 'sklearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_module_can_be_run_and_says_its_version() -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "codesign.commands.main", "--version"],
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    )
    assert done.stdout.startswith("edge-codesign 0.")
