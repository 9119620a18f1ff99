"""Clocks and sensors of a board that exists as equations, behind the Protocols of a real one."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint

from .clocks import Applied, ClockRefused, ClockSnapshot
from .power_sensor import PowerReading
from .simulated_dynamics import SwitchingParameters
from .simulated_truth import SimulatedTruth

CLOCKS = ("cpu_hz", "gpu_hz", "emc_hz")  # in the order of writing


class SimulatedClocks:
    """Clocks that take their time; a point outside the table is refused, as a careful setter on a board does."""

    def __init__(
        self,
        choices: tuple[OperatingPoint, ...],
        truth: SimulatedTruth,
        switching: SwitchingParameters,
        now_s: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._choices, self._offered = choices, frozenset(choices)
        self._truth, self._now_s, self._sleep = truth, now_s, sleep
        p = switching
        self._write_s = {"cpu_hz": p.cpu_write_s, "gpu_hz": p.gpu_write_s, "emc_hz": p.emc_write_s}
        self._settle_s = {"cpu_hz": p.cpu_settle_s, "gpu_hz": p.gpu_settle_s, "emc_hz": p.emc_settle_s}

    def choices(self) -> tuple[OperatingPoint, ...]:
        """Every point that `set` takes while the board is not throttling."""
        return self._choices

    def current(self) -> OperatingPoint:
        """The point held now: what was set, or slower where the board throttles."""
        return self._truth.held()

    def set(self, point: OperatingPoint) -> Applied:
        """Hold `point`; returns when it is written, not yet when it has settled.

        Raises:
            ClockRefused: it is not among the choices, or the board is too hot for it.
        """
        if point not in self._offered:
            raise ClockRefused(point, self.current(), self._choices)
        if not self._truth.allows(point):
            raise ClockRefused(
                point, self.current(), self._choices, f"throttled at {self._truth.temperature_c():.0f} °C"
            )
        begun_s = self._now_s()
        self._write(point)
        return Applied(point, self.current(), took_s=self._now_s() - begun_s)

    def snapshot(self) -> ClockSnapshot:
        """The point that was set, whether or not the board throttles just now."""
        return ClockSnapshot(tuple((name, str(hz)) for name, hz in self._truth.asked.to_json().items()))

    def restore(self, snapshot: ClockSnapshot) -> None:
        """Ask for the point of a snapshot again; a board that throttles holds it once it has cooled down.

        Raises:
            ClockRefused: the snapshot is of another board.
        """
        point = OperatingPoint.from_json({name: int(hz) for name, hz in snapshot.values})
        if point not in self._offered:
            raise ClockRefused(point, self.current(), self._choices, "the snapshot is of another board")
        self._write(point)

    def _write(self, point: OperatingPoint) -> None:
        for clock in CLOCKS:
            if (hz := getattr(point, clock)) != getattr(self._truth.asked, clock):
                self._truth.switch(clock, hz, self._now_s() + self._settle_s[clock])
                self._sleep(self._write_s[clock])


class SimulatedPowerSensor:
    """The sum of some rails: what the board model draws, with a little noise, each in the steps of the real sensor."""

    def __init__(
        self,
        rails_w: Callable[[], Mapping[str, float]],
        rails: tuple[str, ...],
        quantum_w: float,
        noise_w: float,
        rng: np.random.Generator,
    ) -> None:
        self._rails_w, self._rails, self._quantum_w, self._rng = rails_w, rails, quantum_w, rng
        self._noise_w = noise_w / math.sqrt(len(rails))

    def read(self) -> PowerReading | None:
        """A multiple of the step; a rail that carries next to nothing may read zero."""
        drawn_w = self._rails_w()
        noisy_w = (drawn_w[rail] + self._rng.normal(0.0, self._noise_w) for rail in self._rails)
        steps = sum(max(round(watts / self._quantum_w), 0) for watts in noisy_w)
        return PowerReading(
            steps * self._quantum_w, " + ".join(self._rails), "board model", self._quantum_w, Kind.SIMULATED
        )


class SimulatedThermometer:
    """The hottest spot of the module."""

    def __init__(self, temperature_c: Callable[[], float]) -> None:
        self._temperature_c = temperature_c

    def read_c(self) -> float | None:
        """Degrees Celsius."""
        return self._temperature_c()
