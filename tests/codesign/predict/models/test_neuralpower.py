"""codesign/predict/models/neuralpower.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.layer_works import LINEAR, Layer, works_of
from codesign.predict.models.neuralpower import Lasso, neural_power, polynomial_terms

from .boards import CELLS, designs_and_costs


def test_terms_are_of_each_run_and_summed_over_runs() -> None:
    layer = Layer(LINEAR, 0, macs=2_000_000, input_values=3_000_000, output_values=1_000_000, weights=500_000, times=2)
    terms = polynomial_terms(works_of([layer], 1))
    assert {name: float(value[0]) for name, value in terms.items()} == pytest.approx(
        {
            "linear: runs": 2,
            "linear: inputs": 6,
            "linear: outputs": 2,
            "linear: weights": 1,
            "linear: inputs x inputs": 18,
            "linear: inputs x outputs": 6,
            "linear: inputs x weights": 3,
            "linear: outputs x outputs": 2,
            "linear: outputs x weights": 1,
            "linear: weights x weights": 0.5,
            "linear: macs": 4,
            "linear: accesses": 9,
        }
    )


def test_a_cost_per_run_of_a_kind_of_layer_is_learnt() -> None:
    model = neural_power(CELLS)
    designs = designs_and_costs(CELLS, 300)[0]
    terms = dict(zip(model.encoding.columns, model.encoding.features(designs).T, strict=True))
    costs = 0.01 + 1e-4 * terms["pool: runs"] + 2e-5 * terms["conv: macs"]
    fitted = model.fit(designs[:100], costs[:100], np.random.default_rng(0))
    assert fitted.predict(designs[100:]).mean == pytest.approx(costs[100:], rel=0.02)


def test_inputs_that_say_nothing_get_no_weight() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(60, 40))
    costs = 1.0 + 0.1 * inputs[:, 0]
    weights = Lasso().fit(inputs, costs, rng).weights[1:]
    assert weights[0] == pytest.approx(0.1, rel=0.05)
    assert np.abs(weights[1:]).max() < 0.003
