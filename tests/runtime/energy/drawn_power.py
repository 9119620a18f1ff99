"""Power that is known exactly, read through a sensor with steps, noise and faults, on simulated time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runtime.boards.power_sensor import PowerReading
from runtime.boards.simulated_time import SimulatedTime
from runtime.contract.kind import Kind


class DrawnPower:
    """A PowerSensor over a function of time. `faults` are what the next reads do: None is a missing reading.

    Args:
        read_s: how long a read takes; what it returns is the power in the middle of that time.
    """

    def __init__(
        self,
        power_w: Callable[[float], float],
        time: SimulatedTime,
        *,
        quantum_w: float = 0.04,
        noise_w: float = 0.0,
        read_s: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.power_w, self.time, self.quantum_w, self.noise_w, self.read_s = power_w, time, quantum_w, noise_w, read_s
        self.rng = np.random.default_rng(seed)
        self.faults: list[BaseException | None] = []

    def read(self) -> PowerReading | None:
        self.time.sleep(self.read_s / 2)
        true_w = self.power_w(self.time.now_s()) + self.rng.normal(0.0, self.noise_w)
        self.time.sleep(self.read_s / 2)
        if self.faults:
            fault = self.faults.pop(0)
            if fault is not None:
                raise fault
            return None
        steps = max(round(true_w / self.quantum_w), 0)
        return PowerReading(steps * self.quantum_w, "VDD_IN", "a model", self.quantum_w, Kind.SIMULATED)
