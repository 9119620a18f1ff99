"""On a cluster work leaves this process, what is shared is sent once, and a lost worker repeats only its own."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from codesign.scale.ray_workplace import RayWorkplace, board_resource
from codesign.scale.workplace import unheard
from runtime.contract.errors import EngineError
from tests.codesign.scale import pieces


def times_done(folder: Path) -> dict[str, int]:
    return {path.name: len(path.read_text().splitlines()) for path in folder.glob("item-*")}


def test_work_runs_in_other_processes(cluster: RayWorkplace, tmp_path: Path) -> None:
    cluster.run(pieces.noted, tmp_path, [0, 1], unheard)
    assert str(os.getpid()) not in {line for path in tmp_path.iterdir() for line in path.read_text().split()}


def test_a_killed_worker_repeats_only_its_own_piece(cluster: RayWorkplace, tmp_path: Path) -> None:
    assert cluster.run(pieces.noted_or_killed, tmp_path, [0, 1, 2, 3], unheard) == [0, 1, 2, 3]
    assert times_done(tmp_path) == {"item-0": 1, "item-1": 1, "item-2": 2, "item-3": 1}


def test_work_that_kills_every_worker_is_given_up(cluster: RayWorkplace) -> None:
    stubborn = RayWorkplace(cluster._ray, retries=1)
    with pytest.raises(EngineError, match=r"lost 2 times with the same piece of work.*\n.*\n.*--resume"):
        stubborn.run(pieces.always_killed, None, [0], unheard)


def test_what_is_shared_is_sent_once_and_lies_in_the_object_store(cluster: RayWorkplace) -> None:
    images = np.zeros(1_000_000)
    assert cluster.run(pieces.where_it_lies, images, [0, 1], unheard) == [(0, False), (1, False)]
    sent = len(cluster._placed)
    cluster.run(pieces.scaled, images, [1], unheard)
    assert len(cluster._placed) == sent
    cluster.run(pieces.scaled, np.zeros(1), [1], unheard)
    assert len(cluster._placed) == sent + 1


def test_a_board_is_a_resource_that_bears_its_name() -> None:
    assert board_resource("ssh://user@board") == "board:ssh://user@board"
