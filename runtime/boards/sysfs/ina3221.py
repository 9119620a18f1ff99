"""Rails measured by INA3221 chips: files of the mainline driver (JetPack 5 and later) and of NVIDIA's on JetPack 4.

Power is voltage times current. JetPack 4 has a file for power too, which is the same product, rounded: it does not show
the steps that the current comes in. The chip's shunt voltage has steps of 40 µV, so the current has 40 µV / shunt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runtime.boards.power_sensor import PowerReading, PowerSensor
from runtime.contract.kind import Kind

from .i2c_rail import UNCONNECTED, I2cRail, Read, at_least_nothing, chip_folders, hwmon_folders
from .io import SysfsIO, int_or_none, names_or_none, text_or_none
from .learned_step import LearnedStep

SHUNT_STEP_V = 40e-6
USUAL_SHUNTS_OHM = (1e-3, 2e-3, 3e-3, 5e-3, 10e-3, 20e-3)  # JetPack 4 does not tell which one it is
CURRENT_RESOLUTION_A = 1e-3  # files are in whole milliamperes
METHOD = "INA3221"


@dataclass(frozen=True, slots=True)
class Channel:
    """One connected channel of one chip, and where its files lie now."""

    address: str  # such as 1-0040
    rail: str
    voltage_path: str  # millivolts
    current_path: str  # milliamperes
    shunt_ohm: float | None  # None where the driver does not tell


def find_ina3221_rails(io: SysfsIO, kind: Kind = Kind.MEASURED) -> dict[str, PowerSensor]:
    """Every connected channel by its rail's name; where two chips name theirs alike, the address joins the name."""
    rails: dict[str, PowerSensor] = {}
    for channel in channels(io):
        name = channel.rail if channel.rail not in rails else f"{channel.rail} {channel.address}"
        rails[name] = _rail(io, channel.address, channel.rail, name, kind)
    return rails


def channels(io: SysfsIO) -> tuple[Channel, ...]:
    """The connected channels of all chips, disabled ones too: someone may enable them."""
    return (*_hwmon_channels(io), *_iio_channels(io))


def _hwmon_channels(io: SysfsIO) -> Iterator[Channel]:
    for address, folder in hwmon_folders(io, "ina3221"):
        for number in (1, 2, 3):
            if rail := _connected(io, f"{folder}/in{number}_label"):
                micro_ohm = int_or_none(io, f"{folder}/shunt{number}_resistor")
                yield Channel(
                    address,
                    rail,
                    voltage_path=f"{folder}/in{number}_input",
                    current_path=f"{folder}/curr{number}_input",
                    shunt_ohm=micro_ohm * 1e-6 if micro_ohm else None,
                )


def _iio_channels(io: SysfsIO) -> Iterator[Channel]:
    for address, chip in chip_folders(io, "ina3221x"):
        for device in names_or_none(io, chip):
            if not device.startswith("iio:device"):
                continue
            folder = f"{chip}/{device}"
            for number in (0, 1, 2):
                if rail := _connected(io, f"{folder}/rail_name_{number}"):
                    yield Channel(
                        address,
                        rail,
                        voltage_path=f"{folder}/in_voltage{number}_input",
                        current_path=f"{folder}/in_current{number}_input",
                        shunt_ohm=None,
                    )


def _connected(io: SysfsIO, path: str) -> str | None:
    rail = text_or_none(io, path)
    return None if rail == UNCONNECTED else rail


def _rail(io: SysfsIO, address: str, rail: str, name: str, kind: Kind) -> I2cRail:
    def find() -> Read | None:
        for channel in channels(io):
            if (channel.address, channel.rail) == (address, rail):
                return _reader(io, channel, name, kind)
        return None

    return I2cRail(find)


def _reader(io: SysfsIO, channel: Channel, name: str, kind: Kind) -> Read:
    shunts_ohm = USUAL_SHUNTS_OHM if channel.shunt_ohm is None else (channel.shunt_ohm,)
    step = LearnedStep([SHUNT_STEP_V / ohm for ohm in shunts_ohm], CURRENT_RESOLUTION_A)

    def read() -> PowerReading | None:
        volts = _thousandths(io.read(channel.voltage_path))
        amperes = _thousandths(io.read(channel.current_path))
        if volts is None or amperes is None or volts <= 0.0:  # without a voltage there is no step either
            return None
        current_a, step_a = step.snap(amperes)
        power_w = at_least_nothing(volts * current_a, volts * step_a)
        return None if power_w is None else PowerReading(power_w, name, METHOD, volts * step_a, kind)

    return read


def _thousandths(text: bytes) -> float | None:
    """`5040` or `5040 mv` as 5.04; straight from the bytes, a hundred times a second."""
    try:
        return int(text) * 1e-3
    except ValueError:
        word = text.split()[:1]
    try:
        return int(word[0]) * 1e-3 if word else None
    except ValueError:
        return None
