"""What is known about a board: its clocks, power modes and rails, and the parameters of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

from .parameter import Parameter

DEVICES = ("gpu", "cpu")


class Support(str, Enum):
    """What the runtime can do with a board, which its JetPack decides: Python 3.10 comes with JetPack 6."""

    RUNS = "runs"  # JetPack 6 and 7, and plain Linux
    CONTAINER = "container"  # JetPack 5: the runtime lives in a container that brings a newer Python
    SIMULATED = "simulated"  # JetPack 4: a target to compile and simulate for

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Rails:
    """The power rails that a board's sensors read."""

    names: tuple[str, ...]
    total: tuple[str, ...]  # these add up to the draw of what `scope` says; the others are contained in them
    scope: str  # what the sum covers, and what it leaves out
    quantum_w: float  # step of one reading
    feeds: Mapping[str, Mapping[str, float]]  # rail -> share of each part of the model (gpu, cpu, soc, memory, base)
    source: str


@dataclass(frozen=True, slots=True)
class PowerMode:
    """A row of the board's power mode table. A cap of None leaves that clock free."""

    name: str
    cpus_online: int
    cpu_max_hz: int | None
    gpu_max_hz: int | None
    emc_max_hz: int | None
    emc_stock_hz: int | None = None  # what the stock governor was seen to hold under load, where that is not the cap


@dataclass(frozen=True, slots=True)
class ClockTable:
    """The frequencies of one clock, ascending, with where they were read; (0,) for a clock that the board lacks."""

    hz: tuple[int, ...]
    source: str

    def at_most(self, cap_hz: int | None) -> int:
        """The fastest entry within a cap, as the drivers round; the slowest entry where the cap is below all."""
        if cap_hz is None:
            return self.hz[-1]
        return max((hz for hz in self.hz if hz <= cap_hz), default=self.hz[0])


@dataclass(frozen=True, slots=True)
class BoardProfile:
    """A board, as far as public documents and measurements tell."""

    name: str
    description: str
    devices: tuple[str, ...]
    device_names: Mapping[str, str]  # the silicon behind each device
    support: Support
    jetpack: tuple[str, ...]  # releases that the board is used with; empty where it is no Jetson
    compatible: tuple[str, ...]  # entries of the device tree's `compatible` that identify the module
    identity_source: str
    cpu: ClockTable
    gpu: ClockTable
    emc: ClockTable
    modes: tuple[PowerMode, ...]
    modes_source: str
    default_mode: str
    rails: Rails
    idle: tuple[Parameter, ...]
    latency: dict[str, tuple[Parameter, ...]]  # per device
    active: dict[str, tuple[Parameter, ...]]  # per device
    precision: dict[str, tuple[Parameter, ...]]  # per device
    thermal: tuple[Parameter, ...]
    switching: tuple[Parameter, ...]
    sensor: tuple[Parameter, ...]
    limits: tuple[str, ...]  # what the model is known to get wrong, in sentences

    @property
    def runs_runtime(self) -> bool:
        """Whether the runtime can be installed as it is."""
        return self.support is Support.RUNS

    @property
    def total_rail(self) -> str:
        """The rails that add up to the board's draw, for display."""
        return " + ".join(self.rails.total)

    def points(self, device: str) -> tuple[OperatingPoint, ...]:
        """The grid of points for a target device, ascending; for `cpu` the GPU is parked at its slowest clock.

        Raises:
            BoardError: the board has no such device.
        """
        self.check_device(device)
        gpu_hz = self.gpu.hz if device == "gpu" else self.gpu.hz[:1]
        return tuple(OperatingPoint(cpu, gpu, emc) for cpu in self.cpu.hz for gpu in gpu_hz for emc in self.emc.hz)

    def mode(self, name: str) -> PowerMode:
        """A power mode by name. Raises BoardError naming the known ones."""
        for mode in self.modes:
            if mode.name == name:
                return mode
        known = ", ".join(mode.name for mode in self.modes)
        raise BoardError(f"{self.name} has no power mode {name!r}", to_do=f"use one of {known}")

    def mode_point(self, name: str, device: str) -> OperatingPoint:
        """Clocks of a power mode with stock governors under load: its caps, rounded down to table entries.

        Where the stock governor was measured to hold another memory clock than the cap allows, that one.
        """
        self.check_device(device)
        mode = self.mode(name)
        return OperatingPoint(
            cpu_hz=self.cpu.at_most(mode.cpu_max_hz),
            gpu_hz=self.gpu.at_most(mode.gpu_max_hz) if device == "gpu" else self.gpu.hz[0],
            emc_hz=self.emc.at_most(mode.emc_stock_hz or mode.emc_max_hz),
        )

    def default_point(self, device: str) -> OperatingPoint:
        """Clocks of the power mode the board is delivered with, under load. Raises BoardError: no such device."""
        return self.mode_point(self.default_mode, device)

    def max_point(self, device: str) -> OperatingPoint:
        """Every clock that serves the device at its fastest. Raises BoardError: no such device."""
        return self.points(device)[-1]

    def check_device(self, device: str) -> None:
        """Raises BoardError where the board has no such device."""
        if device not in self.devices:
            raise BoardError(
                f"{self.name} has no device {device!r}", where="--device", to_do=f"use one of {', '.join(self.devices)}"
            )

    def parameters(self, device: str) -> tuple[Parameter, ...]:
        """Everything that the costs of one device stand on. Raises BoardError: no such device."""
        self.check_device(device)
        return (*self.latency[device], *self.active[device], *self.precision[device], *self.idle)
