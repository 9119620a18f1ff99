"""codesign/predict/clocks/clock_model.py: what every model over clocks must keep to, whichever it is."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks.clock_cells import CORES, CPU, EMC, GPU, RATE, ClockCells
from codesign.predict.clocks.clock_model import ClockModel
from codesign.predict.clocks.clock_models import LATENCY_MODELS, POWER_MODELS
from tests.codesign.predict.clocks.grids import roofline_cells

MODELS = [*LATENCY_MODELS.values(), *POWER_MODELS.values()]
SHAPES: dict[str, dict[str, list[float]]] = {
    "a single cell": {GPU: [1e9]},
    "clocks held still": {GPU: [1e9, 1e9, 1e9], EMC: [2e9, 2e9, 2e9]},
    "GPU only": {GPU: [3e8, 6e8, 9e8]},
    "CPU only": {CPU: [3e8, 6e8, 9e8]},
    "EMC only": {EMC: [6e8, 2e9, 3e9]},
    "cores only": {CORES: [1.0, 2.0, 4.0]},
    "everything, under load": {
        CORES: [1.0, 2.0, 4.0], CPU: [1e9, 2e9, 1e9], GPU: [3e8, 6e8, 9e8], EMC: [6e8, 2e9, 6e8], RATE: [0.0, 5.0, 9.0],
    },
}  # fmt: skip


@pytest.fixture(params=MODELS, ids=lambda make: type(make(0)).__name__)
def model(request: pytest.FixtureRequest) -> ClockModel:
    made: ClockModel = request.param(0)
    return made


@pytest.mark.parametrize("shape", SHAPES)
def test_any_set_of_columns_is_fitted_and_predicted_with_positive_numbers(model: ClockModel, shape: str) -> None:
    columns = {name: np.array(values) for name, values in SHAPES[shape].items()}
    count = len(next(iter(columns.values())))
    values = np.linspace(2.0, 1.0, count)
    cells = [ClockCells("b", name, columns, scale * values) for name, scale in (("small", 1.0), ("large", 3.0))]
    fits = model.fit(cells)
    assert len(fits) == 2
    for fitted in fits:
        predicted = fitted.predict(columns)
        assert predicted.shape == (count,)
        assert (predicted > 0.0).all()
        assert np.isfinite(predicted).all()


def test_fits_come_in_the_order_of_the_workloads(model: ClockModel) -> None:
    small = roofline_cells("small")
    large = ClockCells("board", "large", small.columns, 10.0 * small.values)
    first, second = model.fit([small, large])
    assert (second.predict(small.columns) > 2.0 * first.predict(small.columns)).all()


def test_the_same_cells_give_the_same_fit(model: ClockModel) -> None:
    cells = [roofline_cells()]
    once, again = (model.fit(cells)[0].predict(cells[0].columns) for _ in range(2))
    assert once.tolist() == again.tolist()
