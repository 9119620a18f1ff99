"""One clock of a board: CPU, GPU or memory, behind the same few questions."""

from __future__ import annotations

from typing import Protocol

from runtime.contract.errors import BoardError


class NotHeld(BoardError):  # noqa: N818 (it is not)
    """The files took the value, and reading back shows another; whoever asked puts back what was written."""


class ClockDomain(Protocol):
    """A clock in sysfs or debugfs. Every question reads files, and a read of the memory clock costs most of 1 ms."""

    @property
    def name(self) -> str:
        """`cpu`, `gpu` or `emc`."""
        ...

    def present(self) -> bool:
        """Whether the machine has such a clock, as far as this user can see."""
        ...

    def table_hz(self) -> tuple[int, ...]:
        """The frequencies that the hardware has, ascending; empty where they are not known."""
        ...

    def offered_hz(self) -> tuple[int, ...]:
        """Those within the caps that hold (power mode) or held before this process wrote."""
        ...

    def limits_hz(self) -> tuple[int, int] | None:
        """Lower and upper limit now."""
        ...

    def current_hz(self) -> int | None:
        """The frequency as the kernel reports it now; None where unknown, such as that of a GPU without power."""
        ...

    def held_hz(self) -> int | None:
        """The table entry that is held; where a governor is free, the highest it may choose."""
        ...

    def why_not_settable(self) -> str | None:
        """Why the clock cannot be set by this process, and what to do; None where nothing is in the way."""
        ...

    def set(self, hz: int) -> None:
        """Hold an entry of `offered_hz()`; what this process holds there already is not written again.

        Raises:
            OSError: as the kernel does.
            NotHeld: reading back shows another value.
        """
        ...

    def snapshot_values(self) -> tuple[tuple[str, str], ...]:
        """Files and what they hold, in the order of writing them back."""
        ...


def at_most(table_hz: tuple[int, ...], cap_hz: int | None) -> tuple[int, ...]:
    """The entries within a cap; the slowest where the cap lies below all, as the drivers round. 0 is no cap."""
    if not cap_hz or not table_hz:
        return table_hz
    return tuple(hz for hz in table_hz if hz <= cap_hz) or table_hz[:1]
