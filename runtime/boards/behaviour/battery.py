"""A battery behind the board, and the USB-PD supply beside it that measures nothing."""

from __future__ import annotations

from .node import Nodes, fixed, line
from .truth import Truth

CAPACITY_J, VOLTS = 200_000.0, 11.1  # assumed: three cells, 5 Ah
CLASS = "/sys/class/power_supply"


class Battery:
    """Full when the model was made; it loses what the board draws."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def charge_fraction(self) -> float:
        """0 to 1."""
        return max(1.0 - self._truth.board_j() / CAPACITY_J, 0.0)

    def nodes(self) -> Nodes:
        """The power_supply class: µV, µA (negative while it empties, on this one) and µWh."""
        base = f"{CLASS}/BAT0"
        return {
            f"{base}/type": fixed("Battery\n"),
            f"{base}/status": fixed("Discharging\n"),
            f"{base}/present": fixed("1\n"),
            f"{base}/capacity": line(lambda: round(100 * self.charge_fraction())),
            f"{base}/voltage_now": line(lambda: round(VOLTS * 1e6)),
            f"{base}/current_now": line(lambda: -round(self._truth.board_w() / VOLTS * 1e6)),
            f"{base}/energy_now": line(lambda: round(self.charge_fraction() * CAPACITY_J / 3600 * 1e6)),
            f"{base}/energy_full": line(lambda: round(CAPACITY_J / 3600 * 1e6)),
            f"{CLASS}/ucsi-source-psy-1-0008/type": fixed("USB\n"),
            f"{CLASS}/ucsi-source-psy-1-0008/voltage_now": fixed("5000000\n"),
            f"{CLASS}/ucsi-source-psy-1-0008/current_now": fixed("0\n"),
        }
