"""What every workplace keeps to, wherever it runs the work."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from codesign.scale.workplace import Workplace, unheard
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError
from tests.codesign.conftest import FAR_BOARD
from tests.codesign.scale import pieces


def test_results_come_in_the_order_of_the_items_and_each_is_heard_once(workplace: Workplace) -> None:
    heard: dict[int, float] = {}

    def hear(number: int, result: FloatArray) -> None:
        assert number not in heard
        heard[number] = float(result.sum())

    found = workplace.run(pieces.scaled, np.arange(4.0), [5, 3, 4], hear)
    assert [float(result.sum()) for result in found] == [30.0, 18.0, 24.0]
    assert heard == {0: 30.0, 1: 18.0, 2: 24.0}


def test_work_that_ends_out_of_order_is_still_returned_in_order(workplace: Workplace) -> None:
    assert workplace.run(pieces.after_a_while, {7: 0.1, 8: 0.0}, [7, 8], unheard) == [7, 8]


def test_no_items_are_no_work(workplace: Workplace) -> None:
    assert workplace.run(pieces.scaled, np.zeros(1), [], unheard) == []


def test_what_a_piece_raises_is_raised_as_it_was(workplace: Workplace) -> None:
    with pytest.raises(DataError, match="item 1 cannot be done") as found:
        workplace.run(pieces.refused, None, [0, 1], unheard)
    assert found.value.to_do == "leave it out"
    assert str(found.value).endswith("to do: leave it out")


def test_the_workplace_can_be_used_after_a_piece_has_failed(workplace: Workplace) -> None:
    with pytest.raises(DataError):
        workplace.run(pieces.refused, None, [1, 0], unheard)
    assert workplace.run(pieces.refused, None, [0, 2], unheard) == [0, 2]


def test_a_board_does_one_piece_at_a_time(workplace: Workplace, tmp_path: Path) -> None:
    spans = sorted(
        (began_s, ended_s)
        for _, began_s, ended_s in workplace.run(pieces.noted, tmp_path, [0, 1, 2], unheard, FAR_BOARD)
    )
    assert all(ended_s <= began_s for (_, ended_s), (began_s, _) in pairwise(spans))


def test_an_interruption_leaves_the_workplace_usable(workplace: Workplace) -> None:
    def interrupt(_number: int, _result: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workplace.run(pieces.after_a_while, {0: 0.0, 1: 0.05, 2: 0.05}, [0, 1, 2], interrupt)
    assert workplace.run(pieces.after_a_while, {3: 0.0}, [3], unheard) == [3]


def test_unheard_results_are_no_ones() -> None:
    assert unheard(0, "anything") is None  # type: ignore[func-returns-value]
