"""The files of the power sensors: hwmon since JetPack 5, iio on JetPack 4."""

from __future__ import annotations

from collections.abc import Callable

from .ina import Ina238Chip, Ina3221Chip
from .node import File, Folder, Link, Nodes, line

I2C = "/sys/bus/i2c/drivers"
UNCONNECTED = "NC"
LIMIT_MA = 32760


def hwmon_nodes(chip: Ina3221Chip, number: int) -> Nodes:
    """The mainline driver's files; it has none for power."""
    base = f"{I2C}/ina3221/{chip.place.address}/hwmon/hwmon{number}"
    bound = chip.is_bound

    nodes: Nodes = {
        f"{I2C}/ina3221": Folder(),
        f"{I2C}/ina3221/{chip.place.address}": Folder(present=bound),
        f"/sys/class/hwmon/hwmon{number}": Link(base, bound),
        f"{base}/name": line(lambda: "ina3221", present=bound),
        f"{base}/update_interval": File(
            lambda: f"{round(chip.cycle_s * 1000)}\n", chip.take_interval, 0o644, present=bound
        ),
        f"{base}/samples": File(lambda: f"{chip.samples}\n", chip.take_samples, 0o644, present=bound),
        f"{base}/in7_label": line(lambda: "sum of shunt voltages", present=bound),
        f"{base}/in7_input": _measured(
            chip, lambda: sum(_shunt_mv(chip, at) for at, on in enumerate(chip.enabled) if on)
        ),
    }
    for at in range(len(chip.place.channels)):
        nodes |= _hwmon_channel(chip, base, at)
    return nodes


def iio_nodes(chip: Ina3221Chip, number: int) -> Nodes:
    """NVIDIA's driver of kernel 4.9: channels count from 0, and values carry their units."""
    base = f"{I2C}/ina3221x/{chip.place.address}/iio:device{number}"
    bound = chip.is_bound

    nodes: Nodes = {
        f"{I2C}/ina3221x": Folder(),
        f"{I2C}/ina3221x/{chip.place.address}": Folder(present=bound),
        f"/sys/bus/iio/devices/iio:device{number}": Link(base, bound),
        f"{base}/name": line(lambda: "ina3221x", present=bound),
    }
    for at in range(len(chip.place.channels)):
        nodes |= _iio_channel(chip, base, at)
    return nodes


def ina238_nodes(chip: Ina238Chip, number: int) -> Nodes:
    """The mainline driver's files; power is in microwatts."""
    base = f"{I2C}/ina238/{chip.place.address}/hwmon/hwmon{number}"
    bound = chip.is_bound
    return {
        f"{I2C}/ina238": Folder(),
        f"/sys/class/hwmon/hwmon{number}": Link(base, bound),
        f"{base}/name": line(lambda: "ina238", present=bound),
        f"{base}/in1_label": line(lambda: chip.place.rail, present=bound),
        f"{base}/in1_input": line(chip.bus_mv, present=bound),
        f"{base}/curr1_input": line(chip.current_ma, present=bound),
        f"{base}/power1_input": line(chip.power_uw, present=bound),
        f"{base}/shunt_resistor": line(lambda: round(chip.place.shunt_ohm * 1e6), present=bound),
    }


def _hwmon_channel(chip: Ina3221Chip, base: str, at: int) -> Nodes:
    place, bound, key = chip.place.channels[at], chip.is_bound, at + 1
    return {
        f"{base}/in{key}_label": line(lambda: place.rail or UNCONNECTED, present=bound),
        f"{base}/in{key}_enable": File(
            lambda: f"{int(chip.enabled[at])}\n", lambda text: chip.enable(at, text), 0o644, present=bound
        ),
        f"{base}/in{key}_input": _measured(chip, lambda: chip.bus_mv(at)),
        f"{base}/in{key + 3}_input": _measured(chip, lambda: _shunt_mv(chip, at)),
        f"{base}/curr{key}_input": _measured(chip, lambda: chip.current_ma(at)),
        f"{base}/curr{key}_max": File(lambda: f"{LIMIT_MA}\n", lambda _: 0.0, 0o644, present=bound),
        f"{base}/curr{key}_crit": File(lambda: f"{LIMIT_MA}\n", lambda _: 0.0, 0o644, present=bound),
        f"{base}/curr{key}_max_alarm": line(lambda: 0, present=bound),
        f"{base}/curr{key}_crit_alarm": line(lambda: 0, present=bound),
        f"{base}/shunt{key}_resistor": line(lambda: round(place.shunt_ohm * 1e6), present=bound),
    }


def _iio_channel(chip: Ina3221Chip, base: str, at: int) -> Nodes:
    place, bound = chip.place.channels[at], chip.is_bound
    return {
        f"{base}/rail_name_{at}": line(lambda: place.rail or UNCONNECTED, present=bound),
        f"{base}/in_voltage{at}_input": _measured(chip, lambda: chip.bus_mv(at), " mv"),
        f"{base}/in_current{at}_input": _measured(chip, lambda: chip.current_ma(at), " ma"),
        f"{base}/in_power{at}_input": _measured(
            chip, lambda: round(chip.bus_mv(at) * chip.current_ma(at) / 1000), " mw"
        ),
        f"{base}/warn_current_limit_{at}": line(lambda: f"{LIMIT_MA} ma", present=bound),
        f"{base}/crit_current_limit_{at}": line(lambda: f"{LIMIT_MA} ma", present=bound),
    }


def _measured(chip: Ina3221Chip, read: Callable[[], int], unit: str = "") -> File:
    return File(lambda: f"{read()}{unit}\n", wait_s=chip.wait_s, present=chip.is_bound)


def _shunt_mv(chip: Ina3221Chip, channel: int) -> int:
    return round(chip.shunt_uv(channel) / 1000)
