"""The clocks of one device: which it offers, which it holds, and holding others for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

SHOWN_CHOICES = 3


class ClockRefused(BoardError):  # noqa: N818 (a refusal is what it is)
    """The device does not hold the clocks that were asked for.

    Raised by `Clocks.set` for a point that is not among `choices()`, and where reading back shows another value.
    The clocks held before are still held.
    """

    def __init__(self, asked: OperatingPoint, holds: OperatingPoint, choices: tuple[OperatingPoint, ...]) -> None:
        super().__init__(
            f"the clocks {asked} are not to be had; the device holds {holds}",
            to_do="choose one of `choices()`, for example " + "; ".join(str(p) for p in nearest(asked, choices)),
        )
        self.asked, self.holds = asked, holds


class Clocks(Protocol):
    """Clocks of one device. Frequencies are table entries: nothing between them exists."""

    def choices(self) -> tuple[OperatingPoint, ...]:
        """Every point that `set` takes, in ascending order of (CPU, GPU, EMC)."""
        ...

    def current(self) -> OperatingPoint:
        """The point held now, as read back from the device."""
        ...

    def set(self, point: OperatingPoint) -> None:
        """Hold `point` until the next call. Raises ClockRefused where the device does not hold exactly that."""
        ...


@contextmanager
def held_at(clocks: Clocks, point: OperatingPoint) -> Iterator[None]:
    """Run the block at `point`; the clocks found on entry return, whatever happens inside.

    Raises:
        ClockRefused: the device does not offer `point`; the block has not run.
    """
    found = clocks.current()
    try:
        clocks.set(point)
        yield
    finally:
        clocks.set(found)


def nearest(asked: OperatingPoint, choices: tuple[OperatingPoint, ...]) -> tuple[OperatingPoint, ...]:
    """The few choices closest to what was asked, by sum of relative distances, closest first."""

    def distance(point: OperatingPoint) -> float:
        return (
            abs(point.cpu_hz / asked.cpu_hz - 1)
            + abs(point.gpu_hz / asked.gpu_hz - 1)
            + abs(point.emc_hz / asked.emc_hz - 1)
        )

    return tuple(sorted(choices, key=distance)[:SHOWN_CHOICES])
