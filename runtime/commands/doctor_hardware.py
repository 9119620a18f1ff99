"""Turns hardware that was found into findings: asks every clock and every sensor once, and writes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from runtime.boards.board_profile import BoardProfile
from runtime.boards.hardware import Hardware
from runtime.boards.power_sensor import PowerSensor
from runtime.boards.sensors import read_cost_s
from runtime.boards.sysfs.battery import find_battery
from runtime.boards.sysfs.clock_domain import ClockDomain
from runtime.boards.sysfs.io import SysfsIO, text_or_none
from runtime.boards.sysfs.throttle import throttle_signs
from runtime.contract.errors import EdgeCodesignError
from runtime.contract.operating_point import ABSENT_HZ

from .doctor_findings import BatteryFinding, ClockFinding, CounterFinding, Heat, Machine, ModeCaps, RailFinding

CLOCKS = ("cpu", "gpu", "emc")
SHOWN_ELSEWHERE = ("board profile", *(f"{name} clock" for name in CLOCKS))  # of what is missing
COST_READS = 5  # a reading may wait for a conversion of some 7 ms: five are enough to know, and short
MODES_FILE, MODE_FILE = "/etc/nvpmodel.conf", "/var/lib/nvpmodel/status"
_MODE = re.compile(r"<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)\s*>")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class RailLook:
    """How rails are looked at, which is not the same for a board, its recording and its model.

    Args:
        now_s: times a reading; None where the answers do not come from a sensor, so that a time would mean nothing.
    """

    now_s: Callable[[], float] | None

    def at(self, name: str, sensor: PowerSensor, *, in_total: bool) -> RailFinding:
        """One reading, and what a reading costs."""
        reading = _asked(sensor.read, otherwise=None)
        if reading is None:
            return RailFinding(name, in_total, None, None, None, None, None, None)
        now_s = self.now_s
        cost_s = None if now_s is None else _asked(lambda: read_cost_s(sensor, now_s, COST_READS), otherwise=None)
        return RailFinding(
            rail=name,
            in_total=in_total,
            power_w=reading.power_w,
            quantum_w=reading.quantum_w,
            scope=reading.scope,
            method=reading.method,
            kind=reading.kind.value,
            read_cost_s=cost_s,
        )


def machine_of(hardware: Hardware, *, spec: str, is_this_machine: bool) -> Machine:
    """What the board says it is."""
    identity, board = hardware.identity, hardware.profile
    return Machine(
        hardware=spec,
        is_this_machine=is_this_machine,
        model=identity.model,
        soc=identity.compatible[-1].rpartition(",")[2] if identity.compatible else None,
        compatible=identity.compatible,
        profile=identity.profile,
        support=None if board is None else board.support.value,
        l4t=identity.l4t,
        jetpack=identity.jetpack,
        kernel=identity.kernel,
        architecture=identity.architecture,
        container=identity.in_container,
        power_mode=power_mode_of(hardware.io),
    )


def power_mode_of(io: SysfsIO) -> str | None:
    """The power mode that nvpmodel set last, by name, or by number where the name is not known."""
    number = re.search(r"pmode:(\d+)", text_or_none(io, MODE_FILE) or "")
    if number is None:
        return None
    modes: list[tuple[str, str]] = _MODE.findall(text_or_none(io, MODES_FILE) or "")
    return {int(mode): name for mode, name in modes}.get(int(number[1]), f"number {int(number[1])}")


def power_modes_of(board: BoardProfile | None) -> tuple[ModeCaps, ...]:
    """The power modes that the profile knows."""
    if board is None:
        return ()
    return tuple(
        ModeCaps(
            mode.name,
            mode.name == board.default_mode,
            mode.cpus_online,
            mode.cpu_max_hz,
            mode.gpu_max_hz,
            mode.emc_max_hz,
        )
        for mode in board.modes
    )


def clocks_of(hardware: Hardware) -> tuple[ClockFinding, ...]:
    """CPU, GPU and memory. A clock that the profile knows is there, although this user may not see it."""
    reasons = {missing.what.removesuffix(" clock"): missing.why for missing in hardware.missing}
    found = []
    for name in CLOCKS:
        known = hardware.profile is not None and any(hz != ABSENT_HZ for hz in getattr(hardware.profile, name).hz)
        domain = None if hardware.clocks is None else hardware.clocks.domains[name]
        found.append(_clock(name, domain, known=known, why_not=reasons.get(name)))
    return tuple(found)


def _clock(name: str, domain: ClockDomain | None, *, known: bool, why_not: str | None) -> ClockFinding:
    if domain is None or not _asked(domain.present, otherwise=False):
        return ClockFinding(name, known, (), None, None, None, settable=False, why_not=why_not)
    low_hz, high_hz = _asked(domain.limits_hz, otherwise=None) or (None, None)
    return ClockFinding(
        clock=name,
        present=True,
        table_hz=_asked(domain.table_hz, otherwise=()),
        current_hz=_asked(domain.current_hz, otherwise=None),
        min_hz=low_hz,
        max_hz=high_hz,
        settable=why_not is None,
        why_not=why_not,
    )


def rails_of(hardware: Hardware, look: RailLook) -> tuple[RailFinding, ...]:
    """Every rail by itself."""
    summed = () if hardware.profile is None else hardware.profile.rails.total
    return tuple(look.at(name, sensor, in_total=name in summed) for name, sensor in hardware.rails.items())


def total_of(hardware: Hardware, look: RailLook) -> tuple[RailFinding | None, str | None]:
    """What the whole board draws, by the rails that add up to it; and what that covers and leaves out."""
    if hardware.power is None:
        return None, None
    found = look.at("whole board", hardware.power, in_total=True)
    if found.scope is None:
        return found, None if hardware.profile is None else hardware.profile.rails.scope
    rails, _, covers = found.scope.partition(": ")
    return replace(found, rail=rails), covers or None


def counter_of(hardware: Hardware) -> CounterFinding | None:
    """The energy counter, with a reading where it has one now."""
    if hardware.counter is None:
        return None
    reading = _asked(hardware.counter.read, otherwise=None)
    if reading is None:
        return CounterFinding(None, None, None, None)
    return CounterFinding(reading.scope, reading.method, reading.energy_j, reading.quantum_j)


def heat_of(hardware: Hardware) -> Heat:
    """The hottest zone now, and what speaks for throttling."""
    thermometer = hardware.thermometer
    signs = throttle_signs(hardware.io)
    return Heat(
        temperature_c=None if thermometer is None else _asked(thermometer.read_c, otherwise=None),
        throttling_now=signs.throttling_now,
        signs=signs.sentences(),
    )


def battery_of(io: SysfsIO) -> BatteryFinding | None:
    """The board's own battery; what it gives is known only while nothing charges it."""
    battery = find_battery(io)
    if battery is None:
        return None
    reading = _asked(battery.read, otherwise=None)
    return BatteryFinding(battery.name, battery.charge_fraction(), None if reading is None else reading.power_w)


def _asked(question: Callable[[], Answer], *, otherwise: Answer) -> Answer:
    """Its answer; what cannot be read now is not known, and a doctor goes on to the next question."""
    try:
        return question()
    except (OSError, EdgeCodesignError):
        return otherwise
