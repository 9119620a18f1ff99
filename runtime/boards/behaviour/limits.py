"""The lower and the upper limit of one clock, by the rules of the kernel's age.

Kernel 4.9 refuses a lower limit above the upper one, and the reverse, with EINVAL. From 5.10 on a limit is a request:
anything is taken, and where the requests cross the upper one wins, so that a raised lower limit shows only once the
upper one was raised too.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence

from .node import refusal

STRICT_BEFORE = (5, 10)


class Limits:
    """What users asked for, and what holds after cooling has had its say."""

    def __init__(self, table_hz: Sequence[int], *, strict: bool) -> None:
        self.table_hz, self._strict = tuple(table_hz), strict
        self.asked_low_hz, self.asked_high_hz = self.table_hz[0], self.table_hz[-1]
        self.cooling_cap_hz: int | None = None

    @property
    def high_hz(self) -> int:
        """The upper limit that holds, within the table's ends."""
        asked_hz = self._within(self.asked_high_hz)
        return asked_hz if self.cooling_cap_hz is None else min(asked_hz, self.cooling_cap_hz)

    @property
    def low_hz(self) -> int:
        """The lower limit that holds; never above the upper one."""
        return min(self._within(self.asked_low_hz), self.high_hz)

    def ask_low(self, hz: int) -> None:
        """Raises OSError EINVAL as old kernels do."""
        if self._strict and hz > self.asked_high_hz:
            raise refusal(errno.EINVAL)
        self.asked_low_hz = hz

    def ask_high(self, hz: int) -> None:
        """Raises OSError EINVAL as old kernels do."""
        if self._strict and hz < self.asked_low_hz:
            raise refusal(errno.EINVAL)
        self.asked_high_hz = hz

    def snap_down(self, hz: int) -> int:
        """The fastest table entry within `hz`; the slowest where there is none."""
        return max((entry for entry in self.table_hz if entry <= hz), default=self.table_hz[0])

    def snap_up(self, hz: int) -> int:
        """The slowest table entry that reaches `hz`; the fastest where there is none."""
        return min((entry for entry in self.table_hz if entry >= hz), default=self.table_hz[-1])

    def _within(self, hz: int) -> int:
        return min(max(hz, self.table_hz[0]), self.table_hz[-1])


def whole_number(text: str, *, least: int = 0) -> int:
    """What a driver reads from a write. Raises OSError EINVAL unless it is one whole number of at least that."""
    try:
        number = int(text.strip(" \n\0"))
    except ValueError:
        raise refusal(errno.EINVAL) from None
    if number < least:
        raise refusal(errno.EINVAL)
    return number
