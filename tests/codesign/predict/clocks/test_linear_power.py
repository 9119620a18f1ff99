"""codesign/predict/clocks/linear_power.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks.clock_cells import EMC, GPU, ClockCells
from codesign.predict.clocks.linear_power import LinearPower


def test_it_finds_the_line_over_the_gpus_clock() -> None:
    hz = np.array([3e8, 6e8, 9e8])
    fitted = LinearPower().fit([ClockCells("b", "w", {GPU: hz}, 4.0 + 5e-9 * hz)])[0]
    assert fitted.weights == pytest.approx([4.0, 5e-9])


def test_where_only_the_memory_clock_was_moved_the_line_is_over_that() -> None:
    columns = {GPU: np.full(2, 1e9), EMC: np.array([1e9, 2e9])}
    fitted = LinearPower().fit([ClockCells("b", "w", columns, np.array([5.0, 6.0]))])[0]
    assert fitted.predict({GPU: np.full(1, 1e9), EMC: np.array([3e9])}) == pytest.approx([7.0])


def test_clocks_that_were_held_still_leave_a_constant() -> None:
    fitted = LinearPower().fit([ClockCells("b", "w", {GPU: np.full(2, 1e9)}, np.full(2, 5.0))])[0]
    assert fitted.predict({GPU: np.array([2e9])}) == pytest.approx([5.0])
