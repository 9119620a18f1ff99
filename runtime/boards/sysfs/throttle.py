"""Whether a board slows itself down: the kernel's cooling devices, and the overcurrent protection's own counters."""

from __future__ import annotations

from dataclasses import dataclass

from .io import SysfsIO, int_or_none, names_or_none, text_or_none

THERMAL, HWMON = "/sys/class/thermal", "/sys/class/hwmon"
OVERCURRENT = "soctherm_oc"  # it acts in hardware: no driver notices, clocks read as if nothing were
# Cooling devices whose state costs no speed. Jetsons raise hot-surface-alert from 70 °C on, to warn whoever touches it.
NOT_SLOWING = ("fan", "tcc offset", "hot-surface")


@dataclass(frozen=True, slots=True)
class Cooling:
    """A cooling device that slows the chip while its state is above 0."""

    name: str
    state: int
    max_state: int | None


@dataclass(frozen=True, slots=True)
class ThrottleSigns:
    """What speaks for throttling at one moment. Counters run since boot: compare two of these for a stretch of time."""

    cooling: tuple[Cooling, ...]
    overcurrent_events: tuple[tuple[str, int], ...]  # oc1, oc2, … with their counts

    @property
    def throttling_now(self) -> bool | None:
        """Whether a cooling device slows the chip; None where the kernel has none to ask."""
        return any(device.state > 0 for device in self.cooling) if self.cooling else None

    def sentences(self) -> tuple[str, ...]:
        """The signs in words; nothing where there are none."""
        slowed = [
            f"{device.name} is slowed to state {device.state}"
            + (f" of {device.max_state}" if device.max_state is not None else "")
            for device in self.cooling
            if device.state > 0
        ]
        counted = [
            f"overcurrent protection {name} acted {count} time{'s' if count > 1 else ''} since boot"
            for name, count in self.overcurrent_events
            if count > 0
        ]
        return (*slowed, *counted)

    def since(self, earlier: ThrottleSigns) -> tuple[str, ...]:
        """What happened between `earlier` and this: overcurrent events, and devices that slow the chip now or did."""
        before = dict(earlier.overcurrent_events)
        counted = [
            f"overcurrent protection {name} acted {gained} time{'s' if gained > 1 else ''}"
            for name, count in self.overcurrent_events
            if (gained := count - before.get(name, 0)) > 0
        ]
        slowed = dict.fromkeys(device.name for signs in (earlier, self) for device in signs.cooling if device.state > 0)
        return (*(f"{name} was slowed" for name in slowed), *counted)


def throttle_signs(io: SysfsIO) -> ThrottleSigns:
    """What the kernel shows now."""
    return ThrottleSigns(_cooling(io), _overcurrent(io))


def _cooling(io: SysfsIO) -> tuple[Cooling, ...]:
    found = []
    for entry in names_or_none(io, THERMAL):
        if not entry.startswith("cooling_device"):
            continue
        name = text_or_none(io, f"{THERMAL}/{entry}/type") or entry
        state = int_or_none(io, f"{THERMAL}/{entry}/cur_state")
        # Some drivers say -1 for "not in use".
        if state is None or state < 0 or any(word in name.lower() for word in NOT_SLOWING):
            continue
        found.append(Cooling(name, state, int_or_none(io, f"{THERMAL}/{entry}/max_state")))
    return tuple(found)


def _overcurrent(io: SysfsIO) -> tuple[tuple[str, int], ...]:
    found = []
    for entry in names_or_none(io, HWMON):
        if text_or_none(io, f"{HWMON}/{entry}/name") != OVERCURRENT:
            continue
        for file in names_or_none(io, f"{HWMON}/{entry}"):
            count = int_or_none(io, f"{HWMON}/{entry}/{file}") if file.endswith("_event_cnt") else None
            if count is not None:
                found.append((file.removesuffix("_event_cnt"), count))
    return tuple(found)
