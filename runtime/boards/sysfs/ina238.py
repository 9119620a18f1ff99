"""Rails measured by INA238 chips, Thor's module input among them: the chip multiplies by itself, in microwatts."""

from __future__ import annotations

from runtime.boards.power_sensor import PowerReading, PowerSensor
from runtime.contract.kind import Kind

from .i2c_rail import I2cRail, Read, at_least_nothing, hwmon_folders
from .io import SysfsIO, exists, int_or_none, text_of, text_or_none

METHOD = "INA238"
LABELS = ("in1_label", "power1_label", "label")  # whichever the device tree filled
UNNAMED = "VIN"  # the only rail that a Jetson measures with this chip
# A fifth of the current's step, which is 5 µV over the shunt in the chip's finer range; the coarser has four times it.
POWER_STEP_W_OHM = 0.2 * 5e-6
ASSUMED_SHUNT_OHM = 1e-3  # where the driver does not tell: steps of 1 mW, far below what such a rail draws


def find_ina238_rails(io: SysfsIO, kind: Kind = Kind.MEASURED) -> dict[str, PowerSensor]:
    """Every chip by its rail's name."""
    rails: dict[str, PowerSensor] = {}
    for address, folder in hwmon_folders(io, "ina238"):
        if exists(io, f"{folder}/power1_input"):
            rail = _name(io, folder)
            name = rail if rail not in rails else f"{rail} {address}"
            rails[name] = _rail(io, address, name, kind)
    return rails


def _name(io: SysfsIO, folder: str) -> str:
    return next((text for label in LABELS if (text := text_or_none(io, f"{folder}/{label}"))), UNNAMED)


def _rail(io: SysfsIO, address: str, name: str, kind: Kind) -> I2cRail:
    def find() -> Read | None:
        folders = dict(hwmon_folders(io, "ina238"))
        return _reader(io, folders[address], name, kind) if address in folders else None

    return I2cRail(find)


def _reader(io: SysfsIO, folder: str, name: str, kind: Kind) -> Read:
    micro_ohm = int_or_none(io, f"{folder}/shunt_resistor")
    quantum_w = POWER_STEP_W_OHM / (micro_ohm * 1e-6 if micro_ohm else ASSUMED_SHUNT_OHM)

    def read() -> PowerReading | None:
        try:
            measured_w = int(text_of(io, f"{folder}/power1_input")) * 1e-6
        except ValueError:
            return None
        power_w = at_least_nothing(measured_w, quantum_w)
        return None if power_w is None else PowerReading(power_w, name, METHOD, quantum_w, kind)

    return read
