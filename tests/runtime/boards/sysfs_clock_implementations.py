"""SysfsClocks for the conformance suite: over every modelled board, and over a folder of plain files."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path

from runtime.boards.behaviour.board import behavioural_board
from runtime.boards.behaviour.layouts import LAYOUTS
from runtime.boards.clocks import Clocks
from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.clocks import SysfsClocks
from tests.runtime.boards.sysfs.board_trees import no_wait, orin, tree_with


def _on_model(board: str) -> Clocks:
    time = SimulatedTime()
    tree = behavioural_board(board, time=time)
    return SysfsClocks(tree, profile(board), now_s=time.now_s, sleep=time.sleep)


def _on_a_folder() -> Clocks:
    folder = tempfile.TemporaryDirectory(prefix="board-")
    clocks = SysfsClocks(tree_with(Path(folder.name), orin()), sleep=no_wait)
    weakref.finalize(clocks, folder.cleanup)
    return clocks


CLOCKS: dict[str, Callable[[], Clocks]] = {
    **{
        f"sysfs on a model of {board}": partial(_on_model, board)
        for board in sorted(set(LAYOUTS) & set(known_boards()))
    },
    "sysfs on a folder": _on_a_folder,
}
