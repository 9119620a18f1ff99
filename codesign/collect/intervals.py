"""Which sequence numbers of a boot have been seen: half-open intervals that touch are one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable


class Intervals:
    """A set of whole numbers as sorted, disjoint [start, end)."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in pairs:
            self.add(start, end)

    def pairs(self) -> list[tuple[int, int]]:
        """All of them, ascending."""
        return list(zip(self._starts, self._ends, strict=True))

    def missing(self, start: int, end: int) -> list[tuple[int, int]]:
        """The parts of [start, end) that are not in it, ascending."""
        found: list[tuple[int, int]] = []
        at = start
        for index in range(bisect_right(self._ends, start), len(self._starts)):
            if self._starts[index] >= end:
                break
            if self._starts[index] > at:
                found.append((at, self._starts[index]))
            at = max(at, self._ends[index])
        if at < end:
            found.append((at, end))
        return found

    def add(self, start: int, end: int) -> None:
        """Include [start, end); nothing happens where it is empty."""
        if start >= end:
            return
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last], self._ends[first:last] = [start], [end]

    def __len__(self) -> int:
        return sum(end - start for start, end in self.pairs())
