from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.fitting.measurer import Readings
from runtime.contract.errors import ShapeError


def test_every_design_has_a_cost_a_latency_and_a_verdict() -> None:
    Readings(np.ones(3), np.ones(3), np.zeros(3, dtype=bool), np.ones(2))
    with pytest.raises(ShapeError, match="must be"):
        Readings(np.ones(3), np.ones(2), np.zeros(3, dtype=bool), np.ones(2))
    with pytest.raises(ShapeError, match="must be"):
        Readings(np.ones(3), np.ones(3), np.zeros(3, dtype=bool), np.ones((2, 2)))
