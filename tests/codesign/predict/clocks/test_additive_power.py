"""codesign/predict/clocks/additive_power.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks.additive_power import AdditivePower
from codesign.predict.clocks.clock_cells import CPU, EMC, GPU, ClockCells


def test_it_finds_every_weight_of_an_exact_sum() -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(3e8, 2e9, 12) for name in (GPU, EMC, CPU)}
    values = 2.0 + 6e-9 * columns[GPU] + 1e-9 * columns[EMC] + 2e-9 * columns[CPU]
    fitted = AdditivePower().fit([ClockCells("b", "w", columns, values)])[0]
    assert fitted.weights == pytest.approx([2.0, 6e-9, 1e-9, 2e-9])


def test_a_cell_alone_leaves_the_constant_and_says_so() -> None:
    cells = [ClockCells("b", name, {GPU: np.array([hz])}, np.array([4.0])) for name, hz in (("a", 5e8), ("b", 9e8))]
    fitted = AdditivePower().fit(cells)[0]
    assert fitted.predict({GPU: np.array([1e9])}) == pytest.approx([4.0])
    assert fitted.simplified == "1 cells for 2 terms: without gpu_hz"
