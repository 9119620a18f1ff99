"""A pair of files, lower and upper limit of a clock, written in an order that every kernel takes.

devfreq and cpufreq of kernel 4.9 refuse with EINVAL a lower limit above the upper one; kernels from 5.10 on clamp, and
the change takes effect with the second write. One order serves both: the upper limit first, unless it would come to lie
below the lower limit that still holds.
"""

from __future__ import annotations

from dataclasses import dataclass

from .io import SysfsIO, int_or_none
from .write_log import WriteLog

HZ_PER_KHZ = 1000


@dataclass(frozen=True, slots=True)
class FrequencyRange:
    """Where the two limits lie, and how many hertz one unit of the files is."""

    min_path: str
    max_path: str
    unit_hz: int = 1

    def limits_hz(self, io: SysfsIO) -> tuple[int, int] | None:
        """Lower and upper limit now, or None where they cannot be read."""
        low, high = int_or_none(io, self.min_path), int_or_none(io, self.max_path)
        return None if low is None or high is None else (low * self.unit_hz, high * self.unit_hz)

    def pin(self, log: WriteLog, hz: int) -> tuple[int, int] | None:
        """Both limits at one frequency; returns them as read back. Raises OSError as the kernel does.

        Limits that this process has pinned there already are not written again.
        """
        text = str(hz // self.unit_hz)
        if log.wrote(self.min_path) == log.wrote(self.max_path) == text:
            return self.limits_hz(log.io)
        for path in self.order(log.io, hz):
            log.write(path, text)
        log.confirm((self.min_path, self.max_path))
        return self.limits_hz(log.io)

    def order(self, io: SysfsIO, new_max_hz: int) -> tuple[str, str]:
        """The two files in the order in which they may be written."""
        low = int_or_none(io, self.min_path)
        if low is not None and new_max_hz < low * self.unit_hz:
            return self.min_path, self.max_path
        return self.max_path, self.min_path


def range_of(path: str) -> FrequencyRange | None:
    """The pair that a limit file is one of; None for any other file."""
    folder, _, name = path.rpartition("/")
    if name in ("min_freq", "max_freq"):
        return FrequencyRange(f"{folder}/min_freq", f"{folder}/max_freq")
    if name in ("scaling_min_freq", "scaling_max_freq"):
        return FrequencyRange(f"{folder}/scaling_min_freq", f"{folder}/scaling_max_freq", HZ_PER_KHZ)
    return None
