"""Sensor chips on I2C buses: where the kernel puts their files, and a rail that is found again when these move."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable

from runtime.boards.power_sensor import PowerReading

from .io import SysfsIO, names_or_none

DRIVERS = "/sys/bus/i2c/drivers"
UNCONNECTED = "NC"  # what a device tree calls a channel that leads nowhere
NOT_GONE = (errno.ENODATA, errno.EAGAIN)  # the channel is disabled or has no power; its files are where they were
BELOW_ZERO_STEPS = 2  # offset of an idle rail's amplifier; what reads lower is wired backwards
_ADDRESS = re.compile(r"\d+-00[0-9a-f]{2}")

Read = Callable[[], PowerReading | None]  # raises OSError as the kernel does


def chip_folders(io: SysfsIO, driver: str) -> tuple[tuple[str, str], ...]:
    """Address, such as 1-0040, and folder of every chip that a driver has bound."""
    folder = f"{DRIVERS}/{driver}"
    return tuple((name, f"{folder}/{name}") for name in names_or_none(io, folder) if _ADDRESS.fullmatch(name))


def hwmon_folders(io: SysfsIO, driver: str) -> tuple[tuple[str, str], ...]:
    """Address and hwmon folder of every chip; the number in hwmonN changes from boot to boot, and with the driver."""
    return tuple(
        (address, f"{chip}/hwmon/{name}")
        for address, chip in chip_folders(io, driver)
        for name in names_or_none(io, f"{chip}/hwmon")
        if name.startswith("hwmon")
    )


class I2cRail:
    """A PowerSensor over files that may move: where they cannot be read, it looks for them once more.

    Args:
        find: the way to read the rail where its files lie now; None while they lie nowhere.
    """

    def __init__(self, find: Callable[[], Read | None]) -> None:
        self._find = find
        self._read = find()

    def read(self) -> PowerReading | None:
        """What the rail draws now, or None where the channel is disabled or the chip is gone."""
        if self._read is not None:
            try:
                return self._read()
            except OSError as error:
                if error.errno in NOT_GONE:
                    return None
        self._read = self._find()
        if self._read is None:
            return None
        try:
            return self._read()
        except OSError:
            return None


def at_least_nothing(power_w: float, quantum_w: float) -> float | None:
    """The offset of an idle rail as 0 W; None for a rail that reads backwards."""
    if power_w < -(BELOW_ZERO_STEPS + 0.5) * quantum_w:
        return None
    return max(power_w, 0.0)
