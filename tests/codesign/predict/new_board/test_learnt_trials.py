"""codesign/predict/new_board/learnt_trials.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.new_board.judged_table import usable_designs
from codesign.predict.new_board.learnt_trials import WEIGHTS, learnt_trials

from .conftest import PLAN, MadeUp
from .test_judged_table import table_of


def test_each_weight_is_judged_on_the_board_held_out(made_up: MadeUp) -> None:
    found = learnt_trials(usable_designs(table_of(made_up)), 2, seed=0, plan=PLAN, initial=80)
    assert [one.weight for one in found] == list(WEIGHTS)
    assert {one.board for one in found} == {"c"}
    for one in found:
        assert one.regret >= 0
        assert one.nearest_regret >= 0
        assert one.answer_s > 0
    assert np.median([one.regret for one in found]) < 0.3
