"""Power sensor chips of the model: INA3221 with three channels, as its registers see three rails, and INA238.

An INA3221 converts bus and shunt voltage of each enabled channel in turn, for ever. Its voltages come in steps of 8 mV,
its shunt voltages in steps of 40 µV; a driver's read waits for the end of a conversion that nobody has read yet.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Callable

from .layout import Channel, Ina238, Ina3221
from .limits import whole_number
from .node import refusal

BUS_STEP_MV, SHUNT_STEP_UV = 8, 40
CONVERSION_TIMES_US = (140, 204, 332, 588, 1100, 2116, 4156, 8244)
SAMPLES = (1, 4, 16, 64, 128, 256, 512, 1024)
DEFAULT_CONVERSION_US = 1100
INA238_BUS_STEP_V, INA238_SHUNT_STEP_V, INA238_POWER_STEP = 3.125e-3, 5e-6, 0.2

RailPower = Callable[[str], float]  # watts of a rail at this moment


class Ina3221Chip:
    """One chip. `place` says which channels measure which rails."""

    def __init__(self, place: Ina3221, rail_w: RailPower, now_s: Callable[[], float], *, waits: bool) -> None:
        self.place = place
        self.bound = True  # to its driver
        self._rail_w, self._now_s, self._waits = rail_w, now_s, waits
        self.reset()

    def reset(self) -> None:
        """The chip's power-on configuration, 0x7127."""
        self.enabled = [True] * len(self.place.channels)
        self.samples, self.conversion_us = 1, DEFAULT_CONVERSION_US
        self._read_at_s = -math.inf

    def is_bound(self) -> bool:
        """Whether its files are there."""
        return self.bound

    @property
    def cycle_s(self) -> float:
        """Seconds for all enabled channels, bus and shunt."""
        return 2e-6 * self.conversion_us * self.samples * max(sum(self.enabled), 1)

    def wait_s(self) -> float:
        """Seconds until a conversion has ended that was not read yet."""
        now_s = self._now_s()
        if not self._waits or math.floor(now_s / self.cycle_s) > math.floor(self._read_at_s_or(now_s) / self.cycle_s):
            return 0.0
        return (math.floor(now_s / self.cycle_s) + 1) * self.cycle_s - now_s

    def bus_mv(self, channel: int) -> int:
        """Raises OSError ENODATA where the channel is disabled."""
        self._check(channel)
        return round(self._at(channel).bus_v * 1000 / BUS_STEP_MV) * BUS_STEP_MV

    def shunt_uv(self, channel: int) -> int:
        """Raises OSError ENODATA where the channel is disabled. An open channel reads nothing."""
        self._check(channel)
        place = self._at(channel)
        if place.rail is None:
            return 0
        volts = self._rail_w(place.rail) / place.bus_v * place.shunt_ohm
        return round(volts * 1e6 / SHUNT_STEP_UV) * SHUNT_STEP_UV

    def current_ma(self, channel: int) -> int:
        """As the driver works it out. Raises OSError ENODATA where the channel is disabled."""
        return round(self.shunt_uv(channel) / (self._at(channel).shunt_ohm * 1000))

    def enable(self, channel: int, text: str) -> float:
        """0 or 1. Raises OSError EINVAL for anything else."""
        number = whole_number(text)
        if number > 1:
            raise refusal(errno.EINVAL)
        self.enabled[channel] = bool(number)
        return 0.0

    def take_samples(self, text: str) -> float:
        """The nearest number of samples that the chip averages over."""
        wanted = whole_number(text, least=1)
        self.samples = min(SAMPLES, key=lambda samples: abs(samples - wanted))
        return 0.0

    def take_interval(self, text: str) -> float:
        """The conversion time that comes nearest to a cycle of so many milliseconds."""
        wanted_us = whole_number(text, least=1) * 1000 / (2 * self.samples * max(sum(self.enabled), 1))
        self.conversion_us = min(CONVERSION_TIMES_US, key=lambda time_us: abs(time_us - wanted_us))
        return 0.0

    def _at(self, channel: int) -> Channel:
        return self.place.channels[channel]

    def _check(self, channel: int) -> None:
        self._read_at_s = self._now_s()
        if not self.enabled[channel]:
            raise refusal(errno.ENODATA)

    def _read_at_s_or(self, now_s: float) -> float:
        return min(self._read_at_s, now_s) if math.isfinite(self._read_at_s) else now_s - self.cycle_s


class Ina238Chip:
    """Thor's chip: it multiplies by itself, and nothing waits."""

    def __init__(self, place: Ina238, rail_w: RailPower) -> None:
        self.place = place
        self.bound = True
        self._rail_w = rail_w

    def reset(self) -> None:
        """Nothing is configured."""

    def is_bound(self) -> bool:
        """Whether its files are there."""
        return self.bound

    def bus_mv(self) -> int:
        """In the chip's steps."""
        return round(round(self.place.bus_v / INA238_BUS_STEP_V) * INA238_BUS_STEP_V * 1000)

    def current_ma(self) -> int:
        """In the chip's steps."""
        step_a = INA238_SHUNT_STEP_V / self.place.shunt_ohm
        return round(round(self._rail_w(self.place.rail) / self.place.bus_v / step_a) * step_a * 1000)

    def power_uw(self) -> int:
        """In the chip's steps."""
        step_w = INA238_POWER_STEP * INA238_SHUNT_STEP_V / self.place.shunt_ohm
        return round(round(self._rail_w(self.place.rail) / step_w) * step_w * 1e6)
