"""codesign/predict/new_board/limit_search.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.new_board.learning_to_optimise import LearntOptimiser
from codesign.predict.new_board.limit_search import within_limit
from runtime.contract.errors import InfeasibleError

from .conftest import MadeUp


@pytest.mark.parametrize("quantile", [0.1, 0.5, 0.9])
def test_the_design_keeps_the_limit_and_is_nearly_the_most_accurate(
    made_up: MadeUp, learnt: LearntOptimiser, quantile: float
) -> None:
    features = learnt.boards.features[1]
    costs = learnt.costs(made_up.designs, features)
    limit = float(np.quantile(costs, quantile))
    found = within_limit(learnt, features, limit)
    assert found.cost <= limit
    assert found.accuracy > made_up.accuracy[costs <= limit].max() - 0.01


def test_a_limit_below_everything_says_how_far_it_is(learnt: LearntOptimiser) -> None:
    with pytest.raises(InfeasibleError, match=r"no design is predicted to cost at most 0\.001; the cheapest .* over"):
        within_limit(learnt, learnt.boards.features[1], 0.001)
