"""Which power sensors, energy counters and thermometers a machine has, and which of them speak for the board."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runtime.contract.kind import Kind

from .board_profile import BoardProfile
from .energy_counter import EnergyCounter
from .jtop import Jtop
from .missing import Missing
from .nvml import INSTALL, Nvml
from .power_sensor import PowerSensor
from .rails import total_power
from .sysfs.battery import find_battery
from .sysfs.ina238 import find_ina238_rails
from .sysfs.ina3221 import find_ina3221_rails
from .sysfs.io import SysfsIO, exists
from .sysfs.kept_open import for_frequent_reads
from .sysfs.rapl import RaplCounter, find_rapl
from .sysfs.thermal import find_thermometer
from .thermometer import Thermometer

NVIDIA_DRIVER = "/proc/driver/nvidia/version"  # of desktops and servers; Jetsons have none


@dataclass(frozen=True, slots=True)
class Sensors:
    """What was found. What is None is also in `missing`, with the reason."""

    power: PowerSensor | None  # of the whole board, or of the GPU where that is the target; not of one rail of several
    rails: Mapping[str, PowerSensor]  # every rail by its name
    counter: EnergyCounter | None  # of the same as `power`, where hardware counts by itself
    thermometer: Thermometer | None
    missing: tuple[Missing, ...]


def find_sensors(
    io: SysfsIO,
    profile: BoardProfile | None,
    *,
    nvml: Nvml | None = None,
    jtop: Jtop | None = None,
    kind: Kind = Kind.MEASURED,
) -> Sensors:
    """Look at a tree; nothing is written, and every sensor that can be read is read once.

    Of several sources the one that sees the whole target is taken: a module's power rails; else, where the target is a
    GPU, NVML; else the processor's own counters; else the battery.

    Args:
        nvml: an opened NVML, where the machine has NVIDIA's desktop driver.
        jtop: a running jetson-stats, for rails that the tree does not show.
        kind: of the readings; what the tree of a model says is simulated.
    """
    missing: list[Missing] = []
    rail_files = for_frequent_reads(io)
    rails = {**find_ina3221_rails(rail_files, kind), **find_ina238_rails(rail_files, kind)}
    if not rails and jtop is not None:
        rails = jtop.rails()
        if not rails:
            missing.append(Missing("jtop", f"jetson-stats: {jtop.why_silent}", "systemctl status jtop.service"))
    if profile is not None and rails:
        missing += [_absent_rail(name) for name in profile.rails.names if name not in rails]
    thermometer: Thermometer | None = find_thermometer(io)
    power: PowerSensor | None = None
    counter: EnergyCounter | None = None
    if rails:
        total = total_power(rails, None if profile is None else profile.rails)
        if isinstance(total, Missing):
            missing.append(total)
        else:
            power = total
    if power is None and not rails:
        if nvml is not None and (profile is None or "gpu" in profile.devices):
            power, counter = nvml.power(), nvml.counter()
            thermometer = nvml.thermometer() or thermometer
            missing += _lacks_of(nvml, power, counter)
        elif nvml is None and exists(io, NVIDIA_DRIVER):
            missing.append(Missing("GPU power", "there is an NVIDIA driver, but NVML was not opened", INSTALL))
        if power is None and counter is None:
            counter, power = _of_the_processor(io, missing, kind)
    if power is None and counter is None:
        missing.append(_no_energy(profile))
    if thermometer is None:
        missing.append(
            Missing("temperature", "no thermal zone of the chip is there", "none needed: warm-up goes by the latency")
        )
    return Sensors(power, rails, counter, thermometer, tuple(missing))


def read_cost_s(sensor: PowerSensor, now_s: Callable[[], float], n: int) -> float:
    """Seconds that one reading takes: the median of n, at least one. An INA3221 waits for its running conversion."""
    costs_s = []
    for _ in range(max(n, 1)):
        begun_s = now_s()
        sensor.read()
        costs_s.append(now_s() - begun_s)
    return statistics.median(costs_s)


def _of_the_processor(
    io: SysfsIO, missing: list[Missing], kind: Kind
) -> tuple[EnergyCounter | None, PowerSensor | None]:
    rapl = find_rapl(io)
    if isinstance(rapl, RaplCounter):
        return rapl, None
    if rapl is not None:
        missing.append(rapl)
    return None, find_battery(io, kind)


def _lacks_of(nvml: Nvml, power: PowerSensor | None, counter: EnergyCounter | None) -> list[Missing]:
    if power is None and counter is None:
        return [Missing("GPU power", f"NVML tells neither power nor energy of {nvml.scope}", "none: no Jetson has it")]
    if counter is None:
        return [Missing("energy counter", f"NVML has none for {nvml.scope}", "none needed: power is integrated")]
    return []


def _absent_rail(name: str) -> Missing:
    return Missing(
        f"rail {name}",
        "the board's profile names it, and no sensor of this machine does",
        "check that the kernel has bound all power sensors; another carrier board may lack some",
    )


def _no_energy(profile: BoardProfile | None) -> Missing:
    named = "" if profile is None else f" ({profile.name} should have {', '.join(profile.rails.total)})"
    return Missing(
        "energy",
        f"neither a power rail nor an energy counter of the whole board can be read{named}",
        "run on a board or a computer itself, not in a virtual machine or a container without /sys; until then joules "
        "are predicted, not measured",
    )
