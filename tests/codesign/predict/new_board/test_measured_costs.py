"""codesign/predict/new_board/measured_costs.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.new_board.measured_costs import MeasuredCosts
from runtime.contract.errors import DataError


def test_a_design_is_measured_once_and_counted_once() -> None:
    asked: list[int] = []

    def measure(design: int) -> np.ndarray:  # type: ignore[type-arg]
        asked.append(design)
        return np.array([design + 1.0])

    board = MeasuredCosts(measure, budget=2)
    assert [board.of(7)[0], board.of(7)[0], board.of(3)[0]] == [8.0, 8.0, 4.0]
    assert asked == [7, 3]
    assert board.left == 0
    assert board.designs.tolist() == [7, 3]
    assert board.costs.tolist() == [[8.0, 4.0]]
    assert board.knows(3)
    assert not board.knows(4)


def test_a_spent_budget_is_an_error() -> None:
    board = MeasuredCosts(lambda design: np.array([design + 1.0]), budget=1)
    board.of(0)
    with pytest.raises(DataError, match="all 1 measurements are spent"):
        board.of(1)


def test_no_budget_is_refused() -> None:
    with pytest.raises(DataError, match="0 measurements cannot find a design"):
        MeasuredCosts(lambda design: np.array([design + 1.0]), budget=0)


@pytest.mark.parametrize("cost", [0.0, -1.0, float("nan"), float("inf")])
def test_an_answer_that_is_no_cost_is_refused(cost: float) -> None:
    with pytest.raises(DataError, match="for candidate 5"):
        MeasuredCosts(lambda design: np.array([cost * design]), budget=1).of(5)
