"""One command for several boards: a bundle for each, and nothing evaluated twice that does not depend on the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.markup import escape

from codesign.report.boards_page import BoardRow, write_boards_page
from codesign.scale.workplace import Workplace
from runtime.boards.profile import profile
from runtime.contract.errors import ConfigError

from .compile import Compiled, compile_bundle
from .measure_target import MeasureTarget
from .progress import Steps
from .run_folder import RUN
from .settings import Settings

INDEX = "index.html"


def compile_boards(
    settings: Settings,
    boards: Sequence[str],
    out: Path,
    cache: Path,
    command: str,
    *,
    resume: bool,
    steps: Steps,
    measure: MeasureTarget | None = None,
    workplace: Workplace | None = None,
) -> list[Compiled]:
    """A run folder per board in `out`, in the order given, and a page that leads to their reports.

    The search of each board starts from the front of the one before it and takes over all that was evaluated there;
    heads of networks of the user's own are trained once.

    Raises:
        ConfigError: a board given twice, what is of one board given for several, or `out` holds a run of a single one.
        EdgeCodesignError: as `compile_bundle` does; boards before the one that failed are complete.
    """
    check_boards(settings, boards, out, measured=measure is not None)
    compiled: list[Compiled] = []
    for board in boards:
        steps.say(f"[bold]{escape(board)}")
        before = compiled[-1].folder if compiled else None
        compiled.append(
            compile_bundle(
                replace(settings, board=board),
                out / board,
                cache,
                command,
                resume=resume,
                steps=Steps(steps.console),  # each board's seconds are its own
                measure=measure,
                workplace=workplace,
                shares=before,
            )
        )
        write_boards_page(board_rows(compiled, boards), out / INDEX, waiting=tuple(boards[len(compiled) :]))
    return compiled


def check_boards(settings: Settings, boards: Sequence[str], out: Path, *, measured: bool = False) -> None:
    """Raise before anything long starts: ConfigError as `compile_boards` says, BoardError on an unknown board."""
    for option, given in (("--predictor", settings.predictor is not None), ("--measure", measured)):
        if given:
            raise ConfigError(
                f"{option} is of one board, {len(boards)} were given",
                to_do=f"compile for all without it, then for each with it: --board {boards[0]} --out {out / boards[0]}",
            )
    if repeated := sorted({board for board in boards if boards.count(board) > 1}):
        raise ConfigError(f"--board {repeated[0]} was given twice", to_do="give each board once")
    for board in boards:
        profile(board).check_device(settings.device)
    if (out / RUN).is_file():
        raise ConfigError(f"{out} holds a run of one board", to_do="choose another --out for several boards")


def board_rows(compiled: Sequence[Compiled], boards: Sequence[str]) -> list[BoardRow]:
    """Of the boards that are ready, which are the first of all."""
    return [
        BoardRow.of(board, one.results, f"{board}/{one.folder.report.name}", f"{board}/{one.folder.bundle.name}")
        for board, one in zip(boards, compiled, strict=False)
    ]
