"""How warm the chip is, by the kernel's thermal zones."""

from __future__ import annotations

from .io import SysfsIO, int_or_none, names_or_none, text_or_none

CLASS = "/sys/class/thermal"
COLDEST_C, HOTTEST_C = -40.0, 150.0  # beyond, a driver speaks of something else: unpowered zones read -256 °C
# Zones that are not the chip: a constant, an estimate for the fan, the board around it, a radio, a battery, a case.
NOT_THE_CHIP = ("pmic", "fan-est", "tboard", "tdiode", "iwlwifi", "wifi", "battery", "nvme", "skin")
LAST_RESORT = ("acpitz",)  # what a PC's firmware says, often of the board; taken where the chip says nothing


class ThermalZones:
    """A Thermometer: the hottest zone of the chip that can be read now; zones without power are passed over."""

    def __init__(self, io: SysfsIO) -> None:
        self._io = io
        self._zones = zones(io)

    @property
    def names(self) -> tuple[str, ...]:
        """The zones that are looked at, in the kernel's order."""
        return tuple(name for name, _ in self._zones)

    def read_c(self) -> float | None:
        """Degrees Celsius, or None where no zone can be read."""
        found = [celsius for _, path in self._zones if (celsius := _celsius(self._io, path)) is not None]
        return max(found, default=None)

    def by_zone_c(self) -> dict[str, float | None]:
        """Every zone by name; None for one without power."""
        return {name: _celsius(self._io, path) for name, path in self._zones}


def zones(io: SysfsIO) -> tuple[tuple[str, str], ...]:
    """Name and file of each zone of the chip: CPU-therm, cpu-thermal, tj-thermal, x86_pkg_temp, …"""
    entries = [name for name in names_or_none(io, CLASS) if name.startswith("thermal_zone")]
    found = []
    for entry in sorted(entries, key=lambda name: (len(name), name)):
        kind = text_or_none(io, f"{CLASS}/{entry}/type") or ""
        if kind and not any(word in kind.lower() for word in NOT_THE_CHIP):
            found.append((kind, f"{CLASS}/{entry}/temp"))
    chip = [zone for zone in found if zone[0] not in LAST_RESORT]
    return tuple(chip or found)


def find_thermometer(io: SysfsIO) -> ThermalZones | None:
    """The board's thermometer, or None where the kernel knows no zone of the chip."""
    thermometer = ThermalZones(io)
    return thermometer if thermometer.names else None


def _celsius(io: SysfsIO, path: str) -> float | None:
    millidegrees = int_or_none(io, path)
    if millidegrees is None:
        return None
    celsius = millidegrees * 1e-3
    return celsius if COLDEST_C < celsius < HOTTEST_C else None
