"""The memory clock: locked at a rate, always read back, since a request between two entries is rounded up.

Caps are the power mode's and are never written; a rate above them is not offered.
"""

from __future__ import annotations

from .clock_domain import NotHeld, at_most
from .emc_files import EmcFiles, emc_cap_hz, emc_files, emc_table_hz, in_hz, why_no_emc
from .io import int_or_none, text_or_none
from .writable import why_not_writable
from .write_log import WriteLog

SAME_CLOCK = 0.01  # 2133 MHz is 2133000000 or 2132997000 Hz, depending on who divides


class EmcClock:
    """ClockDomain over BPMP's debugfs, the Nano's `override.emc`, or Thor's BPMP with its bandwidth manager halted.

    Args:
        lockable_hz: the board's own table where it was probed; entries that the firmware does not list are not used,
            and those that it lists beside these are taken for ones that it would round up.
    """

    name = "emc"

    def __init__(self, log: WriteLog, lockable_hz: tuple[int, ...] = ()) -> None:
        self._log, self._io, self._lockable = log, log.io, lockable_hz
        self._known_files: EmcFiles | None = None
        self._known_table: tuple[int, ...] | None = None
        self._rounded: set[int] = set()  # asked for once, and another rate came

    def present(self) -> bool:
        """False too where debugfs is closed to this user; `why_not_settable` tells."""
        return self._files() is not None

    def table_hz(self) -> tuple[int, ...]:
        """The firmware's list, less what is known to be rounded up; the profile's where the firmware lists nothing."""
        if self._known_table is None and self.present():
            listed = emc_table_hz(self._io)
            self._known_table = tuple(hz for hz in listed if hz in self._lockable) or listed or self._lockable
        return tuple(hz for hz in self._known_table or () if hz not in self._rounded)

    def offered_hz(self) -> tuple[int, ...]:
        """Within the power mode's cap."""
        return at_most(self.table_hz(), emc_cap_hz(self._io))

    def limits_hz(self) -> tuple[int, int] | None:
        """The firmware's limits, the upper one under the power mode's cap."""
        files = self._files()
        low, high = (int_or_none(self._io, path) for path in files.limits) if files else (None, None)
        if low is None or not high:
            return None
        cap = emc_cap_hz(self._io)
        return in_hz(low), min(in_hz(high), cap or in_hz(high))

    def current_hz(self) -> int | None:
        """The rate, as the firmware reports it."""
        files = self._files()
        rate = int_or_none(self._io, files.rate) if files else None
        return in_hz(rate) if rate else None

    def held_hz(self) -> int | None:
        """The rate, as the table's entry where it is within 1 % of one."""
        rate = self.current_hz()
        return None if rate is None else next((hz for hz in self.table_hz() if _same(hz, rate)), rate)

    def why_not_settable(self) -> str | None:
        """No files, no table, or files closed to this user."""
        files = self._files()
        if files is None:
            return why_no_emc(self._io)
        if not self.table_hz():
            return "the firmware lists no memory clocks, and the board's profile names none"
        return why_not_writable(self._io, files.lock) or why_not_writable(self._io, files.asked_rate)

    def set(self, hz: int) -> None:
        """Lock, then the rate; on a Nano the rate, then its override."""
        files = self._files()
        if files is None or hz not in self.table_hz():
            raise NotHeld(f"the memory clock's table has no {hz} Hz")
        if self._log.wrote(files.asked_rate) == str(hz) and self._log.wrote(files.lock) == "1":
            return
        for path in (files.halt, files.lock if files.lock_first else None, files.state):
            if path is not None:
                self._put(path, "1")
        self._log.write(files.asked_rate, str(hz), before=text_or_none(self._io, files.rate))
        if not files.lock_first:
            self._put(files.lock, "1")
        self._log.confirm((files.asked_rate,))
        rate = self.current_hz()
        if rate is None or not _same(hz, rate):
            if rate is not None and rate > hz:
                self._rounded.add(hz)
            raise NotHeld(f"a memory clock of {hz} Hz reads back as {rate} Hz", where=files.rate)

    def snapshot_values(self) -> tuple[tuple[str, str], ...]:
        """Rate, lock and bandwidth manager. An unlocked clock gets its rate back first and is let go of then."""
        files = self._files()
        if files is None:
            return ()
        rate = text_or_none(self._io, files.asked_rate) or text_or_none(self._io, files.rate)
        found = [(files.asked_rate, rate), (files.lock, text_or_none(self._io, files.lock))]
        beside = [path for path in (files.state, files.halt) if path is not None]
        found += [(path, text_or_none(self._io, path)) for path in beside]
        if files.lock_first and found[1][1] == "1":
            found.reverse()
        return tuple((path, text) for path, text in found if text is not None)

    def _put(self, path: str, text: str) -> None:
        if text_or_none(self._io, path) != text:
            self._log.write(path, text)

    def _files(self) -> EmcFiles | None:
        if self._known_files is None:
            self._known_files = emc_files(self._io)
        return self._known_files


def _same(hz: int, rate_hz: int) -> bool:
    return abs(hz - rate_hz) <= SAME_CLOCK * hz
