"""Everything a program needs of the machine it runs on: which it is, its clocks and its sensors, and what is missing.

hardware = open_hardware("sysfs")                  # this machine
hardware = open_hardware("model:orin-nano-super")  # a model that behaves as that board's kernel does
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from runtime.contract.errors import BoardError
from runtime.contract.kind import Kind

from .board_profile import BoardProfile
from .energy_counter import EnergyCounter
from .missing import Missing
from .nvml import Nvml, open_nvml
from .power_sensor import PowerSensor
from .profile import profile
from .sensors import NVIDIA_DRIVER, find_sensors
from .sysfs.clocks import SysfsClocks
from .sysfs.identity import Identity, identify
from .sysfs.io import SysfsIO, exists
from .sysfs.tree import TreeIO
from .thermometer import Thermometer

THIS_MACHINE, MODEL, CAPTURE = "sysfs", "model:", ".json"


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine, as found. What is None is also in `missing`, with the reason."""

    identity: Identity
    profile: BoardProfile | None
    io: SysfsIO
    clocks: SysfsClocks | None
    power: PowerSensor | None
    rails: Mapping[str, PowerSensor]
    counter: EnergyCounter | None
    thermometer: Thermometer | None
    missing: tuple[Missing, ...]


def find_hardware(
    io: SysfsIO,
    *,
    device: str = "gpu",
    architecture: str | None = None,
    python: str | None = None,
    nvml: Nvml | None = None,
    kind: Kind = Kind.MEASURED,
    now_s: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Hardware:
    """Look at a tree and take stock; nothing is written.

    Args:
        device: what the clocks serve, `gpu` or `cpu`.
        architecture, python: of the machine that the tree belongs to, where known.
        nvml: an opened NVML, where the machine has NVIDIA's desktop driver.
        kind: of the sensors' readings; what a model's tree says is simulated.
    """
    identity = identify(io, architecture=architecture, python=python, nvidia_gpu=nvml is not None)
    board = None if identity.profile is None else profile(identity.profile)
    clocks = SysfsClocks(io, board, device=device, now_s=now_s, sleep=sleep)
    sensors = find_sensors(io, board, nvml=nvml, kind=kind)
    missing = [*_unknown_board(identity), *_clocks_missing(clocks), *sensors.missing]
    any_clock = any(domain.present() for domain in clocks.domains.values())
    return Hardware(
        identity=identity,
        profile=board,
        io=io,
        clocks=clocks if any_clock else None,
        power=sensors.power,
        rails=sensors.rails,
        counter=sensors.counter,
        thermometer=sensors.thermometer,
        missing=tuple(missing),
    )


def open_hardware(spec: str) -> Hardware:
    """The hardware that a command's `--hardware` names: `sysfs`, a folder, a capture (`*.json`) or `model:NAME`.

    Raises:
        BoardError: there is no such folder, file or board.
    """
    if spec == THIS_MACHINE:
        return this_machine(TreeIO(), open_nvml)
    if spec.startswith(MODEL):
        return _modelled(spec[len(MODEL) :])
    path = Path(spec)
    if path.is_dir():
        return find_hardware(TreeIO(path))
    if path.suffix == CAPTURE and path.is_file():
        from .sysfs.capture import CapturedIO
        from .sysfs.capture_file import load_capture

        recorded = load_capture(path)
        kind = Kind.SIMULATED if recorded.facts.simulated else Kind.MEASURED
        return find_hardware(CapturedIO(recorded), architecture=recorded.facts.architecture, kind=kind)
    raise BoardError(
        f"no hardware {spec!r}: neither a folder nor a capture",
        where="--hardware",
        to_do="use sysfs (this machine), a folder that holds a board's /sys, a *.json that `edge-runtime "
        "capture` wrote, or model:NAME",
    )


def this_machine(io: SysfsIO, opened: Callable[[], Nvml | Missing]) -> Hardware:
    """The machine that this program runs on, with its NVIDIA GPU where it has a desktop's driver."""
    nvml = opened() if exists(io, NVIDIA_DRIVER) else None
    hardware = find_hardware(
        io,
        architecture=platform.machine(),
        python=platform.python_version(),
        nvml=nvml if isinstance(nvml, Nvml) else None,
    )
    return replace(hardware, missing=(*hardware.missing, nvml)) if isinstance(nvml, Missing) else hardware


def _modelled(name: str) -> Hardware:
    from .behaviour.board import behavioural_board
    from .simulated_time import SimulatedTime

    clock = SimulatedTime()
    tree = behavioural_board(name, time=clock)
    return find_hardware(tree, kind=Kind.SIMULATED, now_s=clock.now_s, sleep=clock.sleep)


def _unknown_board(identity: Identity) -> tuple[Missing, ...]:
    if identity.profile is not None:
        return ()
    named = identity.model or "this machine"
    return (
        Missing(
            "board profile",
            f"no profile describes {named}"
            + (f" (compatible: {', '.join(identity.compatible)})" if identity.compatible else ""),
            "send an `edge-runtime capture` of it; until then rails are not added up and memory clocks not checked",
        ),
    )


def _clocks_missing(clocks: SysfsClocks) -> tuple[Missing, ...]:
    return tuple(
        Missing(f"{name} clock", why, "see `edge-runtime doctor`; designs run at the clocks that the machine holds")
        for name, why in clocks.settable().items()
        if why is not None and name not in clocks.lacks
    )
