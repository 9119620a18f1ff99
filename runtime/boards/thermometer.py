"""How warm the device is."""

from __future__ import annotations

from typing import Protocol


class Thermometer(Protocol):
    """The hottest spot of the chip, as the board reports it."""

    def read_c(self) -> float | None:
        """Degrees Celsius now, or None where no zone can be read: a power-gated zone has no temperature, not 0 °C."""
        ...
