"""How long things took, counted into buckets that grow by the same factor; Prometheus adds such up over a fleet."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

# 50 µs to 10 s, a third of a decade apart or so: quantiles read from them are within a factor of 2.
BOUNDS_S = (
    0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Counted:
    """A histogram as it was at one moment."""

    counts: tuple[int, ...]  # per bucket, the last one beyond every bound
    total_s: float

    @property
    def count(self) -> int:
        """How many in all."""
        return sum(self.counts)

    def quantile_s(self, share: float) -> float | None:
        """The bound below which that share lies; None where nothing was counted or it lies beyond every bound."""
        return quantile_of(self.counts, share)


class Histogram:
    """Not locked: whoever adds and whoever reads agree on a lock."""

    __slots__ = ("counts", "total_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.total_s = 0.0

    def add(self, value_s: float) -> None:
        """Count one."""
        self.counts[bisect_left(BOUNDS_S, value_s)] += 1
        self.total_s += value_s

    def counted(self) -> Counted:
        """As it is now."""
        return Counted(tuple(self.counts), self.total_s)


def quantile_of(counts: tuple[int, ...], share: float) -> float | None:
    """The upper bound of the bucket in which that share of the counts is reached."""
    needed, seen = share * sum(counts), 0
    for bound_s, count in zip(BOUNDS_S, counts, strict=False):
        seen += count
        if seen >= needed and seen:
            return bound_s
    return None
