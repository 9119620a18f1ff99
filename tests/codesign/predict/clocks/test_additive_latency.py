"""codesign/predict/clocks/additive_latency.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks.additive_latency import AdditiveLatency
from codesign.predict.clocks.clock_cells import CPU, EMC, GPU, ClockCells
from tests.codesign.predict.clocks.grids import relative_errors, roofline_cells


def test_it_finds_every_weight_of_an_exact_sum() -> None:
    rng = np.random.default_rng(0)
    columns = {name: rng.uniform(3e8, 2e9, 12) for name in (GPU, EMC, CPU)}
    values = 3e6 / columns[GPU] + 5e6 / columns[EMC] + 1e6 / columns[CPU] + 0.001
    fitted = AdditiveLatency().fit([ClockCells("b", "w", columns, values)])[0]
    assert fitted.weights == pytest.approx([3e6, 5e6, 1e6, 0.001], rel=1e-6)


def test_it_cannot_follow_clocks_that_hide_each_other() -> None:
    cells = roofline_cells(sharpness=8.0)
    predicted = AdditiveLatency().fit([cells])[0].predict(cells.columns)
    assert relative_errors(predicted, cells.values).max() > 0.1


def test_a_clock_that_was_held_still_is_part_of_the_constant() -> None:
    columns = {GPU: np.array([5e8, 1e9]), CPU: np.full(2, 1e9)}
    fitted = AdditiveLatency().fit([ClockCells("b", "w", columns, np.array([0.03, 0.02]))])[0]
    assert [term.name for term in fitted.terms] == ["1/gpu_hz", "the constant"]
