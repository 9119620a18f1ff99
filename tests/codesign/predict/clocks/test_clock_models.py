"""codesign/predict/clocks/clock_models.py"""

from __future__ import annotations

from codesign.predict.clocks.clock_models import HOUSE, LATENCY_MODELS, POWER_MODELS
from codesign.predict.clocks.house_latency import HouseLatency
from codesign.predict.clocks.house_power import HousePower


def test_the_house_models_stand_beside_simple_ones_under_their_documented_names() -> None:
    assert list(LATENCY_MODELS) == ["house", "k_over_f_plus_b", "additive"]
    assert list(POWER_MODELS) == ["house", "linear", "additive"]


def test_the_house_model_of_latency_has_the_seed_that_it_was_given() -> None:
    assert LATENCY_MODELS[HOUSE](7) == HouseLatency(seed=7)
    assert POWER_MODELS[HOUSE](7) == HousePower()
