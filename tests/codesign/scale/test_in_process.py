"""The default workplace runs one piece after the other, in this process."""

from __future__ import annotations

import os
from pathlib import Path

from codesign.scale.in_process import InProcess
from codesign.scale.workplace import unheard
from tests.codesign.scale import pieces


def test_pieces_run_in_this_process(tmp_path: Path) -> None:
    InProcess().run(pieces.noted, tmp_path, [0, 1], unheard)
    assert {int(path.read_text()) for path in tmp_path.iterdir()} == {os.getpid()}


def test_each_result_is_heard_before_the_next_piece_begins() -> None:
    told: list[str] = []

    def piece(_given: None, item: int) -> int:
        told.append(f"begin {item}")
        return item

    InProcess().run(piece, None, [0, 1], lambda number, _result: told.append(f"heard {number}"))
    assert told == ["begin 0", "heard 0", "begin 1", "heard 1"]
