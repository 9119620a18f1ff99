"""The best meter that a machine's sensors allow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from runtime.boards.energy_counter import EnergyCounter
from runtime.boards.power_sensor import PowerSensor

from .counter_meter import CounterMeter
from .meter import SampledMeter

RATE_HZ = 100.0


class WithSensors(Protocol):
    """What was found on a machine: `Sensors`, or the whole `Hardware`."""

    @property
    def power(self) -> PowerSensor | None:
        """Power of the whole target."""
        ...

    @property
    def counter(self) -> EnergyCounter | None:
        """Joules of the same."""
        ...


def best_meter(
    sensors: WithSensors, *, rate_hz: float = RATE_HZ, now_s: Callable[[], float] = time.monotonic
) -> CounterMeter | SampledMeter | None:
    """A meter, to be entered before its windows; None where nothing can be metered.

    The hardware's own counter misses nothing; a power sensor is sampled where there is no counter of the same scope.
    """
    if sensors.counter is not None:
        return CounterMeter(sensors.counter, now_s=now_s)
    if sensors.power is not None:
        return SampledMeter(sensors.power, rate_hz, now_s=now_s)
    return None
