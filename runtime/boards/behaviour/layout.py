"""What one board's files are called under one JetPack; its clock tables and power modes are its profile's."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class DevfreqPlace:
    """Where a device lies and how it is called."""

    device: str  # its folder, such as /sys/devices/platform/bus@0/17000000.gpu
    node: str  # the name of its devfreq node
    of_node: str | None  # its name in the device tree
    power_files: bool = True  # railgate_enable, load, power/
    aliases: tuple[str, ...] = ()  # other paths of the device's folder


class EmcFiles(str, Enum):
    """The three ways to hold the memory clock."""

    OVERRIDE = "override"  # Nano
    BPMP = "bpmp"  # TX2 to Orin
    BWMGR = "bwmgr"  # Thor


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel of an INA3221. A rail of None is not connected."""

    rail: str | None
    bus_v: float
    shunt_ohm: float


@dataclass(frozen=True, slots=True)
class Ina3221:
    """One sensor chip, by bus and address."""

    address: str  # such as 1-0040
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Ina238:
    """Thor's sensor of the whole module."""

    address: str
    rail: str
    bus_v: float
    shunt_ohm: float


@dataclass(frozen=True, slots=True)
class Zone:
    """A thermal zone. Its temperature is the hottest spot's less `below_k`, or always the same."""

    type: str
    below_k: float = 0.0
    constant_c: float | None = None
    gated: str | None = None  # "gpu": EAGAIN while the GPU is off; "always": a unit that nobody switches on


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cpufreq policy. `hz` where its table is not the profile's."""

    cpus: tuple[int, ...]
    hz: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class OtherDevfreq:
    """A devfreq device that is no GPU, such as a video engine; it is off."""

    device: str
    node: str
    of_node: str | None
    max_hz: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One board under one JetPack. What no public source gives is assumed, and named so in layouts.py."""

    profile: str
    jetpack: str
    l4t: str  # R36.5.0
    kernel: str  # as uname -r says
    model: str
    compatible: tuple[str, ...]
    gpu: DevfreqPlace
    clusters: tuple[Cluster, ...]
    cpu_low_hz: int  # what nvpmodel writes as lower limit
    emc_files: EmcFiles
    emc_table: str  # where the frequencies are listed: dvfs_table, dvfs, possible_rates, regular; "" nowhere
    emc_cap: tuple[str, int] | None  # the cap's file, and the value that means none
    sensors: tuple[Ina3221 | Ina238, ...]
    zones: tuple[Zone, ...]
    ina_driver: str = "ina3221"  # ina3221x is the iio one of JetPack 4
    default_gpu_low_hz: int | None = None
    other_devfreq: tuple[OtherDevfreq, ...] = ()
    overcurrent_channels: int = 3

    @property
    def kernel_version(self) -> tuple[int, int]:
        """(4, 9), (5, 15), …"""
        major, minor = self.kernel.split("-")[0].split(".")[:2]
        return int(major), int(minor)
