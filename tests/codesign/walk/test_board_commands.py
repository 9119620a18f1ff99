"""Commands for a board, and what is said where they fail."""

from __future__ import annotations

import sys

import pytest

from codesign.walk.board_commands import Errand, checked, copying, failed, on_board, streamed
from codesign.walk.measure_target import MeasureTarget
from runtime.contract.errors import BoardError, StorageError

ERRAND = Errand("trying", "--try", "try again", "do without")
BOARD = MeasureTarget("board", "me", 2222)


def no_tick(_done: int, _total: int, _what: str) -> None:
    """Nobody looks."""


def test_a_command_is_quoted_for_the_shell_there() -> None:
    assert on_board(BOARD, "ssh", ["echo", "two words"])[-4:] == ["2222", "--", "me@board", "echo 'two words'"]
    assert "-p" not in on_board(MeasureTarget("board"), "ssh", ["true"])
    assert copying(BOARD, "scp")[-3:] == ["-P", "2222", "--"]


def test_progress_is_told_apart_from_what_is_said() -> None:
    ticks: list[tuple[int, int, str]] = []
    script = "import sys; print('1/2 half', file=sys.stderr); print('a word', file=sys.stderr); sys.exit(3)"
    status, told = streamed([sys.executable, "-c", script], lambda *tick: ticks.append(tick), ERRAND)
    assert (status, told, ticks) == (3, "a word", [(1, 2, "half")])


def test_a_command_that_fails_is_an_error_in_the_errands_words() -> None:
    with pytest.raises(BoardError, match=r"trying on ssh://me@board:2222 failed with status 1(.|\n)*--try(.|\n)*again"):
        checked(BOARD, ["false"], no_tick, ERRAND)
    checked(BOARD, ["true"], no_tick, ERRAND)


def test_a_board_that_cannot_be_reached_is_told_apart() -> None:
    assert "cannot reach me@board" in failed(BOARD, 255, "refused", ERRAND).what
    assert "trying on local failed" in failed(MeasureTarget(), 255, "", ERRAND).what


def test_a_program_that_is_not_here_is_an_error() -> None:
    with pytest.raises(StorageError, match=r"cannot run '/no/ssh'(.|\n)*do without"):
        streamed(["/no/ssh"], no_tick, ERRAND)


def test_a_board_that_speaks_another_encoding_is_heard() -> None:
    script = "import sys; sys.stderr.buffer.write('Datenträger voll'.encode('latin-1') + b'\\n'); sys.exit(1)"
    assert streamed([sys.executable, "-c", script], no_tick, ERRAND) == (1, "Datentr\ufffdger voll")
