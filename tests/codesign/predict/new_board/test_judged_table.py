"""codesign/predict/new_board/judged_table.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.predict.costs.cost_table import CostTable
from codesign.predict.new_board.judged_table import usable_designs
from runtime.contract.errors import DataError

from .conftest import MadeUp


def table_of(made_up: MadeUp) -> CostTable:
    return CostTable(
        genome=made_up.designs,
        genes=made_up.genes,
        device_names=("a", "b", "c", "d", "e"),
        latency_s=made_up.latency_s.copy(),
        energy_j=None,
        accuracy=made_up.accuracy.copy(),
        group=np.arange(256),
    )


def test_designs_with_gaps_are_left_out(made_up: MadeUp) -> None:
    table = table_of(made_up)
    table.latency_s[1, 3] = np.nan
    assert table.accuracy is not None
    table.accuracy[7] = np.nan
    judged = usable_designs(table)
    assert len(judged.designs) == 254
    assert judged.latency_s.shape == (5, 254)
    assert judged.others(1) == [0, 2, 3, 4]


def test_a_design_that_is_there_twice_counts_once(made_up: MadeUp) -> None:
    table = table_of(made_up)
    table = replace(table, genome=np.concatenate([made_up.designs[:250], made_up.designs[:6]]))
    assert len(usable_designs(table).designs) == 250


def test_a_table_that_cannot_be_judged_on_is_refused(made_up: MadeUp) -> None:
    table = table_of(made_up)
    with pytest.raises(DataError, match="a new board is judged by accuracies"):
        usable_designs(replace(table, accuracy=None))
    with pytest.raises(DataError, match="on three or more boards"):
        usable_designs(replace(table, device_names=("a", "b"), latency_s=table.latency_s[:2]))
    table.latency_s[0, :100] = np.nan
    with pytest.raises(DataError, match="only 156 designs have an accuracy and a latency on every board"):
        usable_designs(table)
