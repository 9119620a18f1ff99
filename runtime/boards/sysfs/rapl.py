"""Joules of a PC's processor as it counts them itself: RAPL through the kernel's powercap class."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from runtime.boards.counter_step import CounterStep
from runtime.boards.energy_counter import CounterReading
from runtime.boards.missing import Missing
from runtime.contract.kind import Kind

from .io import SysfsIO, int_or_none, names_or_none, text_of, text_or_none, why_not

CLASS = "/sys/class/powercap"
METHOD = "RAPL"
UNIT_J = 61e-6  # 2⁻¹⁴ J, the unit of most processors
REFRESH_S = 1e-3  # the counters move about once a millisecond
MOST_W = 600.0  # more than any package draws: so long a silence may hide a whole turn of the counter
SLACK_J = 10.0  # more than comes with one refresh
# intel-rapl:0 is a package, intel-rapl:0:2 a part of it; intel-rapl-mmio:0 would count the package once more.
_ZONE = re.compile(r"intel-rapl:\d+(:\d+)?")


@dataclass(slots=True)
class _Zone:
    """One counter on its way round."""

    name: str
    path: str
    range_j: float
    last_j: float


class RaplCounter:
    """An EnergyCounter over all packages and their memory; other parts are contained in the packages.

    Each turn of a counter is undone, as long as it is read more often than it can go round (1 to 7 minutes).
    """

    def __init__(self, io: SysfsIO, zones: dict[str, str], *, now_s: Callable[[], float] = time.monotonic) -> None:
        """Raises OSError where a counter cannot be read.

        Args:
            zones: name -> folder.
        """
        self._io, self._now_s = io, now_s
        self._lock = threading.Lock()
        self._zones = [
            _Zone(name, f"{folder}/energy_uj", range_j, _joules(io, f"{folder}/energy_uj"))
            for name, folder in zones.items()
            for range_j in [(int_or_none(io, f"{folder}/max_energy_range_uj") or 2**32) * 1e-6]
        ]
        self._read_at_s, self._total_j = now_s(), 0.0
        self._step = CounterStep(REFRESH_S, UNIT_J)
        self._step.after(self._read_at_s, 0.0)
        self.scope = " + ".join(zone.name for zone in self._zones)

    def read(self) -> CounterReading | None:
        """Joules since this object was made; None where a counter cannot be read now."""
        with self._lock:
            try:
                found_j = [_joules(self._io, zone.path) for zone in self._zones]
            except OSError:
                return None
            at_s = self._now_s()
            silent_s, self._read_at_s = at_s - self._read_at_s, at_s
            gained_j = sum([_advance(zone, joules) for zone, joules in zip(self._zones, found_j, strict=True)])
            lost_j = sum(zone.range_j for zone in self._zones if silent_s * MOST_W >= zone.range_j)
            if gained_j > MOST_W * len(self._zones) * silent_s + SLACK_J:  # a reset that looks like a turn
                gained_j, lost_j = 0.0, lost_j + gained_j
            self._total_j += gained_j
            total_j = self._total_j
            quantum_j = self._step.after(at_s, total_j) + lost_j  # what may be lost is one more step
        return CounterReading(total_j, self.scope, METHOD, quantum_j, Kind.MEASURED)


def find_rapl(io: SysfsIO, *, now_s: Callable[[], float] = time.monotonic) -> RaplCounter | Missing | None:
    """The machine's counter, why it cannot be read, or None where there is no such thing."""
    zones: dict[str, str] = {}
    for entry in names_or_none(io, CLASS):
        if _ZONE.fullmatch(entry):
            name = text_or_none(io, f"{CLASS}/{entry}/name") or entry
            if name.startswith("package"):
                zones[name] = f"{CLASS}/{entry}"
            elif name == "dram":  # not contained in its package, whose number is the entry's
                zones[f"dram-{entry.split(':')[1]}"] = f"{CLASS}/{entry}"
    if not any(name.startswith("package") for name in zones):
        return None
    try:
        return RaplCounter(io, zones, now_s=now_s)
    except OSError as error:
        return Missing(
            "energy counter",
            f"RAPL ({', '.join(zones)}) cannot be read: {why_not(error)}",
            "run as root, or let the user read it: chmod o+r /sys/class/powercap/intel-rapl:*/energy_uj "
            "(root only since CVE-2020-8694: a fine clock for whoever spies on other processes)",
        )


def _joules(io: SysfsIO, path: str) -> float:
    text = text_of(io, path)
    if not text.isdecimal():
        raise OSError(f"{path} holds no number: {text!r}")
    return int(text) * 1e-6


def _advance(zone: _Zone, joules: float) -> float:
    """What one counter has gained since it was read last, a turn undone."""
    gained_j = joules - zone.last_j
    zone.last_j = joules
    return gained_j if gained_j >= 0.0 else max(gained_j + zone.range_j, 0.0)
