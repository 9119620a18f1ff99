"""codesign/predict/clocks/k_over_f.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks.clock_cells import EMC, GPU, ClockCells
from codesign.predict.clocks.k_over_f import KOverF
from tests.codesign.predict.clocks.grids import cpu_cells, roofline_cells


def test_it_finds_k_and_b_of_what_is_k_over_f_plus_b() -> None:
    hz = np.array([3e8, 6e8, 9e8])
    fitted = KOverF().fit([ClockCells("b", "w", {GPU: hz}, 3e6 / hz + 0.001)])[0]
    assert fitted.weights == pytest.approx([3e6, 0.001])


def test_it_does_not_see_the_memory_clock() -> None:
    fitted = KOverF().fit([roofline_cells()])[0]
    slow, fast = fitted.predict({GPU: np.full(2, 5e8), EMC: np.array([6e8, 3e9])})
    assert slow == fast


def test_without_a_gpu_f_is_the_clock_of_the_cpu() -> None:
    fitted = KOverF().fit([cpu_cells()])[0]
    assert fitted.weights == pytest.approx([2e7, 2e-3])


def test_clocks_that_were_held_still_leave_a_constant() -> None:
    fitted = KOverF().fit([ClockCells("b", "w", {GPU: np.full(3, 1e9)}, np.full(3, 0.25))])[0]
    assert fitted.predict({GPU: np.array([1e9])}) == pytest.approx([0.25])
