"""codesign/predict/models/paleo.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.space_work import layer_works
from codesign.predict.models.paleo import paleo

from .boards import CELLS, designs_and_costs


def test_speed_and_bandwidths_of_a_board_that_reads_computes_and_writes_are_found() -> None:
    designs = designs_and_costs(CELLS, 80)[0]
    works = layer_works(CELLS, designs)
    assert works is not None
    reads, writes = (works.input_values + works.weights).sum(axis=1), works.output_values.sum(axis=1)
    costs = 0.001 + works.macs.sum(axis=1) / 1e10 + reads / 2e9 + writes / 5e8
    fitted = paleo(CELLS).fit(designs[:40], costs[:40], np.random.default_rng(0))
    assert fitted.predict(designs[40:]).mean == pytest.approx(costs[40:])
    constant, per_mac, per_read, per_written = (fitted.scale * fitted.as_arrays()["weights"]).tolist()
    assert (constant, per_mac, per_read, per_written) == pytest.approx((0.001, 1e-4, 5e-4, 2e-3))  # per million
