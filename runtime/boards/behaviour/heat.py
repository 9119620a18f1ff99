"""The temperature of the modelled board: it follows what is drawn, or stays where a test puts it."""

from __future__ import annotations

from runtime.boards.simulated_dynamics import ThermalParameters
from runtime.boards.simulated_heat import temperature_after


class Heat:
    """One heat capacity with one way out. `held_c` puts the temperature wherever a test wants it."""

    def __init__(self, parameters: ThermalParameters, ambient_c: float) -> None:
        self.parameters = parameters
        self.held_c: float | None = None
        self._ambient_c = self._chip_c = ambient_c

    @property
    def chip_c(self) -> float:
        """The hottest spot now."""
        return self._chip_c if self.held_c is None else self.held_c

    def pass_time(self, power_w: float, seconds: float) -> None:
        """So long at so much power."""
        settled_c = self._ambient_c + power_w * self.parameters.kelvin_per_w
        self._chip_c = temperature_after(self._chip_c, settled_c, seconds, self.parameters.time_constant_s)
