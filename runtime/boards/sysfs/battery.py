"""The battery that feeds a board: what is drawn from it, and how full it is (the kernel's power_supply class)."""

from __future__ import annotations

from runtime.boards.power_sensor import PowerReading
from runtime.contract.kind import Kind

from .io import SysfsIO, exists, int_or_none, names_or_none, text_or_none
from .learned_step import LearnedStep

CLASS = "/sys/class/power_supply"
METHOD = "battery gauge"
RESOLUTION = 1e-6  # files are in whole microamperes and microwatts
GAUGE_STEPS = (10e-3, 1e-3, 1e-4, 1e-5)  # of gauges, in amperes or watts
NOT_THE_BOARDS = "Device"  # the `scope` of a mouse's battery


class Battery:
    """A PowerSensor while the battery empties; on a charger nobody knows what the board draws."""

    def __init__(self, io: SysfsIO, name: str, kind: Kind = Kind.MEASURED) -> None:
        self._io, self._name, self._kind = io, name, kind
        self._step = LearnedStep(GAUGE_STEPS, RESOLUTION)

    @property
    def name(self) -> str:
        """As the kernel calls it, for example BAT0."""
        return self._name

    def read(self) -> PowerReading | None:
        """What the battery gives now. The sign of its current means nothing: gauges do not agree on it."""
        if text_or_none(self._io, self._path("status")) != "Discharging":
            return None
        volts = self._micro("voltage_now")
        amperes = self._micro("current_now")
        if volts and amperes is not None:
            current_a, step_a = self._step.snap(abs(amperes))
            power_w, quantum_w = volts * current_a, volts * step_a
        else:
            watts = self._micro("power_now")
            if watts is None:
                return None
            power_w, quantum_w = self._step.snap(abs(watts))
        return PowerReading(power_w, f"{self._name}: everything it feeds", METHOD, quantum_w, self._kind)

    def charge_fraction(self) -> float | None:
        """0 to 1, by energy or charge over its full value, else as the gauge says; None where it says nothing."""
        for kind in ("energy", "charge"):
            now, full = self._micro(f"{kind}_now"), self._micro(f"{kind}_full")
            if now is not None and full:
                return min(max(now / full, 0.0), 1.0)
        percent = int_or_none(self._io, self._path("capacity"))
        return None if percent is None else min(max(percent / 100, 0.0), 1.0)

    def _micro(self, file: str) -> float | None:
        number = int_or_none(self._io, self._path(file))
        return None if number is None else number * 1e-6

    def _path(self, file: str) -> str:
        return f"{CLASS}/{self._name}/{file}"


def find_battery(io: SysfsIO, kind: Kind = Kind.MEASURED) -> Battery | None:
    """The board's battery. A USB-PD supply (ucsi) shows what was negotiated, not what flows; a mouse has its own."""
    for name in names_or_none(io, CLASS):
        folder = f"{CLASS}/{name}"
        if (
            text_or_none(io, f"{folder}/type") == "Battery"
            and not name.startswith("ucsi")
            and text_or_none(io, f"{folder}/scope") != NOT_THE_BOARDS
            and (not exists(io, f"{folder}/present") or int_or_none(io, f"{folder}/present") == 1)
        ):
            return Battery(io, name, kind)
    return None
