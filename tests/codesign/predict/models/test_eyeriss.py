"""codesign/predict/models/eyeriss.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.layer_works import LINEAR, Layer, works_of
from codesign.predict.models.eyeriss import eyeriss, normalised_energy

from .boards import FBNET, designs_and_costs


def test_an_operation_costs_five_and_a_value_that_comes_from_far_two_hundred_and_eight() -> None:
    layer = Layer(LINEAR, 0, macs=3_000_000, input_values=1_000_000, output_values=500_000, weights=500_000)
    assert normalised_energy(works_of([layer], 1))["energy"] == pytest.approx(3 * 5 + 2 * 208)


def test_the_samples_give_the_scale() -> None:
    designs = designs_and_costs(FBNET, 60)[0]
    energy = eyeriss(FBNET).encoding.features(designs)[:, 0]
    fitted = eyeriss(FBNET).fit(designs[:20], 0.1 + 3e-5 * energy[:20], np.random.default_rng(0))
    assert fitted.predict(designs).mean == pytest.approx(0.1 + 3e-5 * energy)
