"""codesign/predict/clocks/clock_cells.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.clocks.clock_cells import EMC, GPU, RATE, ClockCells, cells_in, columns_of, varying
from tests.codesign.predict.clocks.grids import roofline_cells


def test_choosing_cells_chooses_values_and_settings_alike() -> None:
    cells = roofline_cells()
    chosen = cells.columns[EMC] == 2e9
    few = cells.of(chosen)
    assert len(few) == 4
    assert set(few.columns[EMC]) == {2e9}
    assert few.values.tolist() == cells.values[chosen].tolist()
    assert columns_of(cells.columns, chosen)[GPU].tolist() == few.columns[GPU].tolist()


def test_no_columns_describe_no_cells() -> None:
    assert cells_in({}) == 0
    assert cells_in({GPU: np.ones(3)}) == 3


def test_a_column_varies_when_two_workloads_have_different_constants() -> None:
    slow, fast = (
        ClockCells("b", name, {GPU: np.full(2, hz), RATE: np.ones(2)}, np.ones(2))
        for name, hz in (("a", 1e9), ("b", 2e9))
    )
    assert varying([slow]) == ()
    assert varying([slow, fast]) == (GPU,)
