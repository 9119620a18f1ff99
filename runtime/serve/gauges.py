"""What a server reads of the board beside its watts: how warm it is, and how full its battery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from runtime.boards.hardware import Hardware
from runtime.boards.sysfs.battery import find_battery

Gauge = Callable[[], float | None]


def unknown() -> float | None:
    """Where there is nothing to read."""
    return None


@dataclass(frozen=True, slots=True)
class Gauges:
    """Each is read when it is called; None where it cannot be read now, or not at all."""

    temperature_c: Gauge = unknown  # of the hottest zone
    battery_share: Gauge = unknown  # of its charge, 0 to 1


def gauges_of(hardware: Hardware) -> Gauges:
    """The gauges that a machine has."""
    thermometer, battery = hardware.thermometer, find_battery(hardware.io)
    return Gauges(
        unknown if thermometer is None else thermometer.read_c,
        unknown if battery is None else battery.charge_fraction,
    )
