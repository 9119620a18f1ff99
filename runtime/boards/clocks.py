"""The clocks of one device: which it offers, which it holds, and holding others for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

SHOWN_CHOICES = 3


class ClockRefused(BoardError):  # noqa: N818 (a refusal is what it is)
    """The device does not hold the clocks that were asked for.

    Raised by `Clocks.set` for a point that is not among `choices()`, and where reading back shows another value.
    The clocks held before are still held, or were written back.
    """

    def __init__(
        self, asked: OperatingPoint, holds: OperatingPoint, choices: tuple[OperatingPoint, ...], why: str = ""
    ) -> None:
        because = f": {why}" if why else ""
        super().__init__(
            f"the clocks {asked} are not to be had; the device holds {holds}{because}",
            to_do="choose one of `choices()`, for example " + "; ".join(str(p) for p in nearest(asked, choices)),
        )
        self.asked, self.holds = asked, holds


class ClocksTaken(BoardError):  # noqa: N818 (they were)
    """Someone else changed a clock after this process wrote it, and this process has stepped back.

    Raised by `Clocks.set` on real hardware. Nothing is written until `restore` or a new owner starts afresh: two
    programs that both correct each other would switch for ever.
    """


class ClocksGone(BoardError):  # noqa: N818 (they are)
    """Clocks of a snapshot are not there now, such as those of a CPU cluster that a power mode took offline.

    Raised by `Clocks.restore`; everything else was written back. Kernels keep the settings of an offline cluster: they
    are to be restored when it comes back.
    """


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a request for clocks."""

    requested: OperatingPoint
    applied: OperatingPoint  # as read back
    took_s: float  # writing and reading back; a workload may see the new clocks a settle time later


@dataclass(frozen=True, slots=True)
class ClockSnapshot:
    """Everything that must be written to have the clocks as they were found, in the order of writing.

    On sysfs a value goes to a file: limits and governors as well as frequencies, since a clock that was left to its
    governor must be left to it again. Plain text, so that it survives the process in a state file.
    """

    values: tuple[tuple[str, str], ...]  # where, what

    def completed_by(self, earlier: ClockSnapshot) -> ClockSnapshot:
        """This, and what an earlier one says of places that this one lacks, such as those of a cluster now offline."""
        known = {where for where, _ in self.values}
        return ClockSnapshot((*self.values, *(pair for pair in earlier.values if pair[0] not in known)))

    def to_json(self) -> list[list[str]]:
        """The same as JSON."""
        return [list(pair) for pair in self.values]

    @classmethod
    def from_json(cls, pairs: list[list[str]]) -> ClockSnapshot:
        """Read what `to_json` wrote."""
        return cls(tuple((str(where), str(what)) for where, what in pairs))


class Clocks(Protocol):
    """Clocks of one device. Frequencies are table entries: nothing between them exists."""

    def choices(self) -> tuple[OperatingPoint, ...]:
        """Every point that `set` takes, in ascending order of (CPU, GPU, EMC)."""
        ...

    def current(self) -> OperatingPoint:
        """The point held now, as read back from the device; where a governor is free to choose, its upper limit."""
        ...

    def set(self, point: OperatingPoint) -> Applied:
        """Hold `point` until the next call.

        Raises:
            ClockRefused: `point` is not offered, or the device does not hold exactly that.
            ClocksTaken: someone else wrote a clock since this process did.
        """
        ...

    def snapshot(self) -> ClockSnapshot:
        """What `restore` needs to have everything as it is now."""
        ...

    def restore(self, snapshot: ClockSnapshot) -> None:
        """Write a snapshot back, as much of it as can be written.

        Raises:
            BoardError: some of it could not be written; everything else was. ClocksGone, which is one: for no other
                reason than that those clocks are not there now.
        """
        ...


@contextmanager
def held_at(clocks: Clocks, point: OperatingPoint) -> Iterator[None]:
    """Run the block at `point`; the clocks found on entry return, whatever happens inside.

    Raises:
        ClockRefused: the device does not offer `point`; the block has not run.
    """
    found = clocks.snapshot()
    try:
        clocks.set(point)
        yield
    finally:
        clocks.restore(found)


def nearest(asked: OperatingPoint, choices: tuple[OperatingPoint, ...]) -> tuple[OperatingPoint, ...]:
    """The few choices closest to what was asked, by sum of relative distances, closest first."""

    def distance(point: OperatingPoint) -> float:
        pairs = ((point.cpu_hz, asked.cpu_hz), (point.gpu_hz, asked.gpu_hz), (point.emc_hz, asked.emc_hz))
        return sum(abs(offered - wanted) / max(offered, wanted, 1) for offered, wanted in pairs)

    return tuple(sorted(choices, key=distance)[:SHOWN_CHOICES])
