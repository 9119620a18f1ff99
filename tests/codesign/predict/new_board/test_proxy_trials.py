"""codesign/predict/new_board/proxy_trials.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.new_board.judged_table import usable_designs
from codesign.predict.new_board.proxy_trials import LIMITS, VARIANTS, proxy_trials

from .conftest import MadeUp
from .test_judged_table import table_of


def test_every_variant_is_tried_under_every_limit_within_ten_measurements(made_up: MadeUp) -> None:
    found = proxy_trials(usable_designs(table_of(made_up)), 2, seed=0)
    assert [(one.variant, one.limit_quantile) for one in found] == [
        (variant, quantile) for variant in VARIANTS for quantile in LIMITS
    ]
    for one in found:
        assert one.board == "c"
        assert one.measurements is not None
        assert one.measurements <= 10
        assert one.accuracy_lost is not None
        assert one.accuracy_lost >= 0
    matched = [one.accuracy_lost for one in found if one.variant == "matched proxy"]
    assert np.median([lost for lost in matched if lost is not None]) < 0.005


def test_a_seed_repeats_its_trials(made_up: MadeUp) -> None:
    table = usable_designs(table_of(made_up))
    assert proxy_trials(table, 1, seed=3) == proxy_trials(table, 1, seed=3)
