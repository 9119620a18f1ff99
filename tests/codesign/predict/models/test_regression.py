"""codesign/predict/models/regression.py: what every regression must do, whatever its inputs mean."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.models.boosting import Boosting
from codesign.predict.models.gp import GaussianProcess
from codesign.predict.models.least_squares import NonNegativeLeastSquares
from codesign.predict.models.lookup import Corrected, FittedTable
from codesign.predict.models.mlp import Perceptron
from codesign.predict.models.neuralpower import Lasso
from codesign.predict.models.regression import Regression
from codesign.predict.models.ridge import Ridge
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError

REGRESSIONS: tuple[Regression, ...] = (
    NonNegativeLeastSquares(),
    FittedTable(),
    Corrected(),
    Ridge(),
    Lasso(),
    GaussianProcess(),
    Boosting(),
    Perceptron(),
)
every = pytest.mark.parametrize("regression", REGRESSIONS, ids=lambda regression: type(regression).__name__)


def samples(count: int = 60, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Inputs, the last of which never differs, and costs that are the sum of the others plus a half."""
    inputs = np.random.default_rng(seed).integers(0, 4, (count, 4)).astype(np.float64)
    inputs[:, 3] = 1.0
    return inputs, (0.5 + inputs[:, :3].sum(axis=1)) / 5.0


@every
def test_it_learns_a_sum_and_is_not_put_off_by_an_input_that_never_differs(regression: Regression) -> None:
    fitted = regression.fit(*samples(), np.random.default_rng(0))
    inputs, costs = samples(30, seed=1)
    assert np.abs(fitted.costs(inputs) / costs - 1.0).mean() < 0.15


@every
def test_one_sample_is_enough_to_say_something_finite(regression: Regression) -> None:
    inputs, costs = samples(1)
    fitted = regression.fit(inputs, costs, np.random.default_rng(0))
    assert fitted.costs(inputs) == pytest.approx(costs, rel=0.1)


@every
def test_stored_for_inputs_of_other_columns_it_is_damaged(regression: Regression) -> None:
    arrays = regression.fit(*samples(), np.random.default_rng(0)).as_arrays()
    with pytest.raises(DataError, match=r"is missing or damaged\n  to do: fit the predictor again"):
        regression.restored(arrays, 1)


@every
def test_a_stored_number_that_is_not_finite_is_damage(regression: Regression) -> None:
    arrays = dict(regression.fit(*samples(), np.random.default_rng(0)).as_arrays())
    name = next(name for name, array in arrays.items() if array.dtype.kind == "f")
    arrays[name] = arrays[name] * np.nan
    with pytest.raises(DataError, match=f"`{name}` is missing or damaged"):
        regression.restored(arrays, 4)
