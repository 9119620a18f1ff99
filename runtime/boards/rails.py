"""What a whole board draws: the sum of the rails that its profile says add up to it."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .board_profile import Rails
from .missing import Missing
from .power_sensor import PowerReading, PowerSensor

INPUTS = ("VIN", "VDD_IN", "POM_5V_IN")  # names that boards give to the input of everything


class TotalPower:
    """A PowerSensor that adds rails up; where one of them cannot be read, neither can the sum.

    Args:
        parts: the rails to add, by name.
        covers: what the sum stands for, and what it leaves out.
    """

    def __init__(self, parts: Mapping[str, PowerSensor], covers: str) -> None:
        self._parts = dict(parts)
        self._scope = f"{' + '.join(self._parts)}: {covers}"
        self._lost: dict[str, None] = {}  # an ordered set

    @property
    def lost(self) -> tuple[str, ...]:
        """Rails that could not be read at some time since they last could."""
        return tuple(self._lost)

    def read(self) -> PowerReading | None:
        """The sum now; None where any part is missing."""
        readings: list[PowerReading] = []
        for name, part in self._parts.items():
            reading = part.read()
            if reading is None:
                self._lost[name] = None
            else:
                self._lost.pop(name, None)
                readings.append(reading)
        if len(readings) < len(self._parts):
            return None
        if len(readings) == 1:  # most boards; read a hundred times a second
            only = readings[0]
            return PowerReading(only.power_w, self._scope, only.method, only.quantum_w, only.kind)
        return PowerReading(
            power_w=sum(reading.power_w for reading in readings),
            scope=self._scope,
            method=" + ".join(dict.fromkeys(reading.method for reading in readings)),
            # Steps of several rails do not share a multiple; their errors add as squares do.
            quantum_w=math.sqrt(sum(reading.quantum_w**2 for reading in readings)),
            kind=readings[0].kind,
        )


def total_power(found: Mapping[str, PowerSensor], expected: Rails | None) -> TotalPower | Missing:
    """The board's draw from the rails that were found, or why it cannot be known.

    Args:
        expected: the profile's rails; None for a board that no profile describes, of which only a rail that is by its
            name the input of everything is taken.
    """
    if expected is None:
        inputs = [name for name in INPUTS if name in found]
        if len(inputs) == 1:
            return TotalPower({inputs[0]: found[inputs[0]]}, "by its name the board's input; no profile confirms it")
        return Missing(
            "total power",
            f"rails {', '.join(found)} are there, but no profile says which of them add up to the board",
            "add a profile for this board; until then only single rails are read",
        )
    if absent := [name for name in expected.total if name not in found]:
        return Missing(
            "total power",
            f"the board's draw is the sum of {' + '.join(expected.total)}; not found: {', '.join(absent)}",
            "check that the kernel has bound its power sensors (ls /sys/bus/i2c/drivers/ina3221*)",
        )
    return TotalPower({name: found[name] for name in expected.total}, expected.scope)
