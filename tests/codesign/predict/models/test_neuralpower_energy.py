"""codesign/predict/models/neuralpower_energy.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.models.neuralpower_energy import neural_power_energy
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError

from .boards import CELLS, designs_and_costs

MODEL = neural_power_energy(CELLS)


def measured(count: int, seed: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Designs, their latency and their energy; more operations take longer and more power."""
    designs = designs_and_costs(CELLS, count, seed)[0]
    terms = dict(zip(MODEL.model.encoding.columns, MODEL.model.encoding.features(designs).T, strict=True))
    noise = np.exp(0.02 * np.random.default_rng(seed).normal(size=count))
    latency_s = (0.01 + 1e-4 * terms["conv: macs"]) * noise
    return designs, latency_s, latency_s * (3.0 + 0.05 * terms["pointwise: macs"])


def test_energy_is_time_times_power() -> None:
    designs, latency_s, energy_j = measured(120, 0)
    fitted = MODEL.fit(designs, latency_s, energy_j, np.random.default_rng(0))
    unseen, unseen_s, unseen_j = measured(200, 1)
    found = fitted.predict(unseen)
    time, power = fitted.time.predict(unseen).mean, fitted.power.predict(unseen).mean
    assert found.mean == pytest.approx(time * power)
    assert time == pytest.approx(unseen_s, rel=0.12)
    assert power == pytest.approx(unseen_j / unseen_s, rel=0.12)
    assert found.calibrated
    assert 0.8 <= ((found.low <= unseen_j) & (unseen_j <= found.high)).mean() <= 0.98


def test_restored_it_predicts_the_same() -> None:
    designs, latency_s, energy_j = measured(40, 0)
    fitted = MODEL.fit(designs, latency_s, energy_j, np.random.default_rng(0))
    again = MODEL.restored(fitted.as_arrays())
    assert again.predict(designs).high.tolist() == fitted.predict(designs).high.tolist()


def test_a_missing_part_is_damage() -> None:
    with pytest.raises(DataError, match="`cost_limits` is missing or damaged"):
        MODEL.restored({})


def test_both_costs_of_each_design_are_needed() -> None:
    designs, latency_s, energy_j = measured(20, 0)
    with pytest.raises(ShapeError, match=r"\(20,\) latencies but \(19,\) energies"):
        MODEL.fit(designs, latency_s, energy_j[1:], np.random.default_rng(0))
    energy_j[4] = np.nan
    with pytest.raises(DataError, match=r"nan cannot be a cost \(1 like it\)\n  where: sample 4"):
        MODEL.fit(designs, latency_s, energy_j, np.random.default_rng(0))
