"""Clocks in memory that remember what was done to them, and fail when told to."""

from __future__ import annotations

from runtime.boards.clocks import Applied, ClockRefused, ClockSnapshot, ClocksTaken
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

SLOW = OperatingPoint(730_000_000, 306_000_000, 665_600_000)
MIDDLE = OperatingPoint(1_190_000_000, 612_000_000, 2_133_000_000)
FAST = OperatingPoint(1_728_000_000, 1_020_000_000, 3_199_000_000)
OTHER = OperatingPoint(1_344_000_000, 918_000_000, 2_133_000_000)  # offered by the device, in no bundle
POINTS = (SLOW, MIDDLE, OTHER, FAST)


class MemoryClocks:
    """Clocks that stand at FAST until set. `taken` is where another program has put them."""

    def __init__(self, points: tuple[OperatingPoint, ...] = POINTS) -> None:
        self.points, self.at, self.taken = points, FAST, False
        self.was_at: list[OperatingPoint] = []
        self.set_fails: BaseException | None = None
        self.restore_fails: BaseException | None = None
        self.read_fails: BaseException | None = None
        self.restored = 0

    def choices(self) -> tuple[OperatingPoint, ...]:
        return tuple(sorted(self.points))

    def current(self) -> OperatingPoint:
        if self.read_fails is not None:
            raise self.read_fails
        return self.at

    def set(self, point: OperatingPoint) -> Applied:
        if self.set_fails is not None:
            raise self.set_fails
        if point not in self.points:
            raise ClockRefused(point, self.at, self.choices())
        if self.taken:
            raise ClocksTaken("another program set the GPU", to_do="see who")
        self.at = point
        self.was_at.append(point)
        return Applied(point, point, 0.001)

    def snapshot(self) -> ClockSnapshot:
        return ClockSnapshot(tuple((name, str(hz)) for name, hz in self.at.to_json().items()))

    def restore(self, snapshot: ClockSnapshot) -> None:
        if self.restore_fails is not None:
            raise self.restore_fails
        self.restored += 1
        if not self.taken:  # what others changed stays theirs
            self.at = OperatingPoint.from_json({name: int(hz) for name, hz in snapshot.values})
        self.taken = False

    def take(self, point: OperatingPoint) -> None:
        """Another program writes the clocks."""
        self.at, self.taken = point, True


def unwritable() -> BoardError:
    """What restore raises where a file cannot be written."""
    return BoardError("gpu/max cannot be written: busy", to_do="wait")
