"""The models over clocks by name: the house's own, and the simple ones it is measured against."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codesign.predict.clocks.additive_latency import AdditiveLatency
from codesign.predict.clocks.additive_power import AdditivePower
from codesign.predict.clocks.clock_model import ClockModel
from codesign.predict.clocks.house_latency import HouseLatency
from codesign.predict.clocks.house_power import HousePower
from codesign.predict.clocks.k_over_f import KOverF
from codesign.predict.clocks.linear_power import LinearPower

Makers = Mapping[str, Callable[[int], ClockModel]]  # from a seed; most have no use for one

HOUSE = "house"
LATENCY_MODELS: Makers = {
    HOUSE: HouseLatency,
    "k_over_f_plus_b": lambda _: KOverF(),
    "additive": lambda _: AdditiveLatency(),
}
POWER_MODELS: Makers = {
    HOUSE: lambda _: HousePower(),
    "linear": lambda _: LinearPower(),
    "additive": lambda _: AdditivePower(),
}
