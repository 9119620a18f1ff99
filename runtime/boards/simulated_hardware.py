"""Clocks and sensors of a board that exists as equations, behind the Protocols of a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint

from .clocks import ClockRefused
from .power_sensor import PowerReading

AMBIENT_C: Final = 25.0
KELVIN_PER_W: Final = 2.5  # assumed: a small board with its stock heat sink, fan on
NOISE_W: Final = 0.03  # assumed: less than one step of the sensor


class SimulatedClocks:
    """Clocks that switch at once; a point outside the table is refused, as a careful setter on a board does."""

    def __init__(self, choices: tuple[OperatingPoint, ...], start: OperatingPoint) -> None:
        self._choices = choices
        self._offered = frozenset(choices)
        self._current = start

    def choices(self) -> tuple[OperatingPoint, ...]:
        """Every point that `set` takes."""
        return self._choices

    def current(self) -> OperatingPoint:
        """The point held now."""
        return self._current

    def set(self, point: OperatingPoint) -> None:
        """Hold `point`. Raises ClockRefused where it is not among the choices."""
        if point not in self._offered:
            raise ClockRefused(point, self._current, self._choices)
        self._current = point


class SimulatedPowerSensor:
    """The total rail: what the board model draws, with a little noise, in the steps of the real sensor."""

    def __init__(self, drawn_w: Callable[[], float], rail: str, quantum_w: float, rng: np.random.Generator) -> None:
        self._drawn_w, self._rail, self._quantum_w, self._rng = drawn_w, rail, quantum_w, rng

    def read(self) -> PowerReading | None:
        """A multiple of the step, at least one step."""
        noisy_w = self._drawn_w() + self._rng.normal(0.0, NOISE_W)
        steps = max(round(noisy_w / self._quantum_w), 1)
        return PowerReading(steps * self._quantum_w, self._rail, "board model", self._quantum_w, Kind.SIMULATED)


class SimulatedThermometer:
    """The temperature a board settles at: ambient, and so many kelvin for each watt it draws now."""

    def __init__(self, drawn_w: Callable[[], float]) -> None:
        self._drawn_w = drawn_w

    def read_c(self) -> float | None:
        """Degrees Celsius."""
        return AMBIENT_C + KELVIN_PER_W * self._drawn_w()
