"""codesign/predict/costs/prediction.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.prediction import Prediction
from runtime.contract.errors import ShapeError


def test_the_parts_of_a_prediction_are_of_the_same_designs() -> None:
    three, two = np.ones(3), np.ones(2)
    assert Prediction(three, three, three, three > 2, 0.9, True).mean.shape == (3,)
    with pytest.raises(ShapeError, match=r"must all be \(designs,\), got \[\(2,\), \(3,\)\]"):
        Prediction(three, two, three, three > 2, 0.9, True)
    with pytest.raises(ShapeError, match=r"got \[\(3, 1\)\]"):
        Prediction(*[three[:, None]] * 3, three[:, None] > 2, 0.9, True)
