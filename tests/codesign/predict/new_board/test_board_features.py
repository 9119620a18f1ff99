"""codesign/predict/new_board/board_features.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.new_board.board_features import (
    features_from_anchors,
    features_from_specifications,
    telling_designs,
)
from runtime.contract.errors import DataError


def test_a_faster_board_of_the_same_kind_has_the_same_features() -> None:
    costs = np.array([[1.0, 2.0, 4.0], [0.1, 0.2, 0.4]])
    described = features_from_anchors(costs)
    assert described.features[0] == pytest.approx(described.features[1])
    assert np.exp(described.log_scale) == pytest.approx([2.0, 0.2])


@pytest.mark.parametrize("cost", [0.0, -1.0, float("nan"), float("inf")])
def test_anchors_need_costs(cost: float) -> None:
    with pytest.raises(DataError, match="anchors need finite costs above 0"):
        features_from_anchors(np.array([[1.0, cost]]))


def test_specifications_are_standardised_over_known_boards_and_those_that_never_differ_are_dropped() -> None:
    known, new = features_from_specifications(np.array([[1.0, 8.0], [100.0, 8.0]]), np.array([[10.0, 9.0]]))
    assert known.features.tolist() == [[-1.0], [1.0]]
    assert new.features == pytest.approx(np.zeros((1, 1)))
    assert np.isnan(new.log_scale).all()


def test_specifications_that_say_nothing_are_refused() -> None:
    with pytest.raises(DataError, match="a specification is not above 0"):
        features_from_specifications(np.array([[1.0], [0.0]]), np.array([[1.0]]))
    with pytest.raises(DataError, match="the known boards have the same specifications"):
        features_from_specifications(np.array([[1.0], [1.0]]), np.array([[1.0]]))


def test_the_designs_in_which_boards_differ_tell_them_apart() -> None:
    log_costs = np.zeros((4, 6))
    log_costs[:, 2] = [0.0, 1.0, 2.0, 3.0]
    log_costs[:, 4] = [1.0, -1.0, 1.0, -1.0]
    assert sorted(telling_designs(log_costs, np.arange(6), 2)) == [2, 4]


def test_a_twin_of_an_anchor_tells_nothing_new() -> None:
    log_costs = np.zeros((4, 8))
    log_costs[:, 0] = log_costs[:, 1] = [0.0, 1.0, 2.0, 3.0]
    log_costs[:, 5] = [0.5, -0.5, 0.5, -0.5]
    assert telling_designs(log_costs, np.arange(8), 1, chosen=(0,)) == [5]
