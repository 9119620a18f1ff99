"""codesign/predict/costs/predictor.py"""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Fitted, Predictor

from .one_mean import OneMean


def test_what_was_fitted_predicts_the_same_when_it_is_restored_from_its_arrays() -> None:
    predictor: Predictor = OneMean(Genes.named(("kernel_0",)))
    designs = np.array([[3], [5], [7]])
    fitted: Fitted = predictor.fit(designs, np.array([1.0, 2.0, 4.0]), np.random.default_rng(0))
    again = predictor.restored(fitted.as_arrays())
    assert fitted.predict(designs).mean.tolist() == again.predict(designs).mean.tolist()
    assert fitted.predict(designs).high.tolist() == again.predict(designs).high.tolist()
