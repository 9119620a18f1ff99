"""Folders of sensors as a dictionary of files, which a test may change while sensors read."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

INA3221 = "/sys/bus/i2c/drivers/ina3221"
INA3221X = "/sys/bus/i2c/drivers/ina3221x"
INA238 = "/sys/bus/i2c/drivers/ina238"
RAPL = "/sys/class/powercap"
SUPPLY = "/sys/class/power_supply"
THERMAL = "/sys/class/thermal"
HWMON = "/sys/class/hwmon"


class FileTree:
    """SysfsIO over a dictionary; an int in place of a text is the errno that reading the file answers with."""

    def __init__(self, files: Mapping[str, str | int]) -> None:
        self.files = dict(files)
        self.reads: list[str] = []

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        found = self.files.get(path, errno.ENOENT)
        if isinstance(found, int):
            raise OSError(found, os.strerror(found), path)
        return found.encode()

    def write(self, path: str, text: str) -> None:
        self.files[path] = text

    def names(self, folder: str) -> tuple[str, ...]:
        inside = {path[len(folder) + 1 :].split("/")[0] for path in self.files if path.startswith(f"{folder}/")}
        if not inside:
            raise FileNotFoundError(errno.ENOENT, "no such folder", folder)
        return tuple(sorted(inside))

    def move(self, old: str, new: str) -> None:
        """Everything below one folder lies below another from now on."""
        self.files = {
            new + path[len(old) :] if path.startswith(f"{old}/") else path: text for path, text in self.files.items()
        }

    def remove(self, folder: str) -> None:
        """Everything below a folder is gone."""
        self.files = {path: text for path, text in self.files.items() if not path.startswith(f"{folder}/")}


def ina3221(
    address: str = "1-0040",
    hwmon: int = 2,
    rails: tuple[str, ...] = ("VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"),
    *,
    millivolts: int = 5000,
    milliamperes: tuple[int, ...] = (1000, 400, 200),
    micro_ohm: int | None = 5000,
) -> dict[str, str | int]:
    """A chip under the mainline driver."""
    base = f"{INA3221}/{address}/hwmon/hwmon{hwmon}"
    files: dict[str, str | int] = {f"{INA3221}/bind": errno.EACCES, f"{base}/in7_label": "sum of shunt voltages\n"}
    for number, (rail, current) in enumerate(zip(rails, milliamperes, strict=True), start=1):
        files[f"{base}/in{number}_label"] = f"{rail}\n"
        files[f"{base}/in{number}_input"] = f"{millivolts}\n"
        files[f"{base}/curr{number}_input"] = f"{current}\n"
        if micro_ohm is not None:
            files[f"{base}/shunt{number}_resistor"] = f"{micro_ohm}\n"
    return files


def ina3221x(
    address: str = "6-0040",
    rails: tuple[str, ...] = ("POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"),
    milliamperes: tuple[int, ...] = (480, 40, 80),
) -> dict[str, str | int]:
    """A chip under the driver of JetPack 4: channels count from 0, values have units."""
    base = f"{INA3221X}/{address}/iio:device0"
    files: dict[str, str | int] = {f"{INA3221X}/{address}/name": "ina3221x\n"}
    for number, (rail, current) in enumerate(zip(rails, milliamperes, strict=True)):
        files[f"{base}/rail_name_{number}"] = f"{rail}\n"
        files[f"{base}/in_voltage{number}_input"] = "5000 mv\n"
        files[f"{base}/in_current{number}_input"] = f"{current} ma\n"
        files[f"{base}/in_power{number}_input"] = f"{5 * current} mw\n"
    return files


def ina238(address: str = "2-0044", hwmon: int = 4, microwatts: int = 18_000_000) -> dict[str, str | int]:
    """Thor's chip of the module's input."""
    base = f"{INA238}/{address}/hwmon/hwmon{hwmon}"
    return {
        f"{base}/name": "ina238\n",
        f"{base}/in1_label": "VIN\n",
        f"{base}/power1_input": f"{microwatts}\n",
        f"{base}/shunt_resistor": "2000\n",
    }


def rapl(microjoules: int | str = 5_000_000, *, packages: int = 1, dram: bool = False) -> dict[str, str | int]:
    """Packages with a core domain each, and perhaps memory."""
    files: dict[str, str | int] = {f"{RAPL}/intel-rapl/enabled": "1\n"}
    zones = [f"intel-rapl:{number}" for number in range(packages)]
    names = {zone: f"package-{number}" for number, zone in enumerate(zones)}
    names |= {f"{zone}:0": "core" for zone in zones} | {"intel-rapl-mmio:0": "package-0"}
    names |= {f"{zone}:1": "dram" for zone in zones} if dram else {}
    for zone, name in names.items():
        files[f"{RAPL}/{zone}/name"] = f"{name}\n"
        files[f"{RAPL}/{zone}/energy_uj"] = f"{microjoules}\n"
        files[f"{RAPL}/{zone}/max_energy_range_uj"] = "262143328850\n"
    return files


def zones(*pairs: tuple[str, str | int]) -> dict[str, str | int]:
    """Thermal zones by type, with what `temp` answers."""
    files: dict[str, str | int] = {}
    for number, (kind, temp) in enumerate(pairs):
        files[f"{THERMAL}/thermal_zone{number}/type"] = f"{kind}\n"
        files[f"{THERMAL}/thermal_zone{number}/temp"] = temp
    return files


def battery(name: str = "BAT0", **files: str | int) -> dict[str, str | int]:
    """A battery that empties at 2 A and 10 V, unless told otherwise; None of a file is an errno."""
    told: dict[str, str | int] = {
        "type": "Battery\n",
        "status": "Discharging\n",
        "present": "1\n",
        "voltage_now": "10000000\n",
        "current_now": "-2000000\n",
    }
    return {f"{SUPPLY}/{name}/{file}": text for file, text in (told | files).items()}
