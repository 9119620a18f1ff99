"""A plan is measured by the node that reaches the board, and its records come back whole or as far as they got."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from codesign.scale.workplace import Workplace
from codesign.walk import measure_far
from codesign.walk.measure_far import run_plan_where_reached
from codesign.walk.measure_run import Programs
from codesign.walk.measure_target import MeasureTarget
from codesign.walk.progress import unheard_tick
from runtime.contract.errors import BoardError
from tests.codesign.walk.test_measure_run import Board


@dataclass
class Node:
    """A workplace that says what it was asked for."""

    boards: list[str | None] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)

    def run(self, task: Any, given: Any, items: Any, heard: Any, board: str | None = None) -> list[Any]:
        self.boards.append(board)
        self.items += items
        found = [task(given, item) for item in items]
        for number, result in enumerate(found):
            heard(number, result)
        return found


def run(board: Board, workplace: Workplace | None, target: MeasureTarget | None = None, *, tidy: bool = False) -> None:
    programs = replace(board.programs, workplace=workplace)
    target = board.target if target is None else target
    run_plan_where_reached(
        target, board.plan, "abc", board.records, lambda *tick: board.ticks.append(tick), programs, tidy=tidy
    )


def test_the_plan_goes_to_the_node_that_offers_the_board_and_on_to_the_board(tmp_path: Path) -> None:
    board, node = Board(tmp_path), Node()
    run(board, node)
    assert node.boards == ["ssh://me@board:2222"]
    assert board.records.read_text() == "record\n"
    assert (board.home / ".cache/edge-codesign/measure/abc/plan/designs/0.onnx").read_bytes() == b"net"
    assert board.ticks == [(0, 1, "waiting for ssh://me@board:2222, or measuring there")]


def test_through_a_real_cluster_the_records_are_the_same(tmp_path: Path, cluster: Workplace) -> None:
    board = Board(tmp_path)
    target = MeasureTarget("board", "user", None, board.target.program)  # the one that the tests' cluster offers
    board.home.joinpath("unused").mkdir()
    for program in (board.programs.ssh, board.programs.scp):
        path = Path(program)
        path.write_text(path.read_text().replace("me@board:", "user@board:"))
    run(board, cluster, target)
    assert board.records.read_text() == "record\n"
    assert [call[0] for call in board.calls] == ["ssh", "scp", "ssh", "measure", "scp"]


def test_what_was_measured_before_goes_along(tmp_path: Path) -> None:
    board, node = Board(tmp_path), Node()
    board.records.write_text("earlier\n")
    run(board, node)
    assert node.items[0].records == b"earlier\n"


def test_a_plan_that_breaks_off_leaves_its_records_and_raises_what_broke_it(tmp_path: Path) -> None:
    board = Board(tmp_path, status=3)
    with pytest.raises(BoardError, match="measuring on ssh://me@board:2222 failed with status 3"):
        run(board, Node())
    assert board.records.read_text() == "record\n"


def test_a_board_that_cannot_be_reached_leaves_no_records(tmp_path: Path) -> None:
    board = Board(tmp_path, unreachable=True)
    with pytest.raises(BoardError, match="cannot reach me@board"):
        run(board, Node())
    assert not board.records.exists()


def test_a_tidy_run_leaves_nothing_on_the_board(tmp_path: Path) -> None:
    board = Board(tmp_path)
    run(board, Node(), tidy=True)
    assert list((board.home / ".cache/edge-codesign/measure").iterdir()) == []


@pytest.mark.parametrize("local", [True, False])
def test_this_machine_and_boards_without_a_cluster_are_measured_from_here(
    local: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, node = Board(tmp_path), Node()
    called: list[Programs] = []
    monkeypatch.setattr(measure_far, "run_plan", lambda *given, **_: called.append(given[5]))
    run(board, node if local else None, MeasureTarget() if local else None)
    assert len(called) == 1
    assert node.boards == []


def test_nobody_far_away_hears_of_progress() -> None:
    assert unheard_tick(1, 2, "anything") is None  # type: ignore[func-returns-value]
