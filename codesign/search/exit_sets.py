"""Where the count of a set of exits stands in a table: by its own bits, or by its rank among all sets of few exits.

A table of all 2^m sets ends at some twenty exits. Of a design with at most k exits only sets of at most k exits are
ever asked about, since what a sample passes before an exit is a subset of the design's own; of 32 exits there are
243,000 sets of at most five. The rank of a set in rising order of masks is a sum of binomials, one per exit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import comb
from typing import Protocol

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError

MOST_OF_ALL = 20  # exits of which all sets are listed: 2^20 of them
MOST_BITS = 61  # exits that a mask can hold
MOST_SETS = 1 << 20  # sets of few exits, so that a table per threshold level stays small
FEWEST_RANKED = 10  # exits; with fewer, a table of all sets is small anyway
WORTH_RANKING = 8  # sets of few exits are ranked where they are so many times fewer than all sets


class ExitSets(Protocol):
    """Which sets a table holds, and where."""

    @property
    def size(self) -> int:
        """Entries of a table."""
        ...

    def places(self, masks: IntArray) -> Iterator[IntArray]:
        """For k = 0, 1, … m: the place of each mask's exits before candidate k, (masks,)."""
        ...


@dataclass(frozen=True, slots=True)
class AllSets:
    """Every set of `early` exits, at its own mask."""

    early: int

    @property
    def size(self) -> int:
        """2^m."""
        return 1 << self.early

    def places(self, masks: IntArray) -> Iterator[IntArray]:
        """See `ExitSets`."""
        for candidate in range(self.early + 1):
            yield masks & ((1 << candidate) - 1)


@dataclass(frozen=True, slots=True)
class NoSet:
    """A table of one entry that answers for every set: what nobody leaves at costs."""

    early: int

    @property
    def size(self) -> int:
        """One."""
        return 1

    def places(self, masks: IntArray) -> Iterator[IntArray]:
        """See `ExitSets`."""
        for _ in range(self.early + 1):
            yield np.zeros_like(masks)


@dataclass(frozen=True)
class FewExitSets:
    """Every set of at most `most` of `early` exits, by rising mask."""

    early: int
    most: int

    @property
    def size(self) -> int:
        """The sum of the binomials."""
        return sum(comb(self.early, exits) for exits in range(self.most + 1))

    @cached_property
    def by_exits(self) -> tuple[IntArray, ...]:
        """Masks of exactly 0, 1, … `most` exits, each rising.

        Sets whose deepest exit is b are those of one exit less that lie below 2^b, with b added: a slice of these.
        """
        found = [np.zeros(1, dtype=np.int64)]
        for _ in range(self.most):
            fewer = found[-1]
            of_last = [
                fewer[: np.searchsorted(fewer, np.int64(1) << bit)] | (np.int64(1) << bit) for bit in range(self.early)
            ]
            found.append(np.concatenate(of_last or [fewer[:0]]))
        return tuple(found)

    @cached_property
    def masks(self) -> IntArray:
        """All of them, rising, (size,)."""
        return np.sort(np.concatenate(self.by_exits))

    def places(self, masks: IntArray) -> Iterator[IntArray]:
        """See `ExitSets`. A set's rank counts, exit by exit from the deepest, the sets that have it not but may have
        any exits before it, as many as are left of `most`. `ranks[r]` is the rank among sets of at most r exits."""
        ranks = np.zeros((self.most + 1, masks.size), dtype=np.int64)
        yield ranks[-1]
        for bit in range(self.early):
            has = (masks >> bit & 1).astype(np.bool_)
            below = np.cumsum([comb(bit, exits) for exits in range(self.most + 1)])
            with_it = below[:, None] + np.concatenate([np.zeros((1, masks.size), dtype=np.int64), ranks[:-1]])
            ranks = np.where(has, with_it, ranks)
            yield ranks[-1]


def exit_sets(early: int, max_exits: int | None) -> AllSets | FewExitSets:
    """The smaller table that answers for designs of at most `max_exits` of `early` exits.

    Raises:
        ConfigError: even that would be too large, or a negative number of exits.
    """
    if max_exits is not None and max_exits < 0:
        raise ConfigError(f"max_exits cannot be negative, got {max_exits}")
    few = FewExitSets(early, early if max_exits is None else min(max_exits, early))
    if early <= MOST_OF_ALL:
        ranked = early >= FEWEST_RANKED and few.size * WORTH_RANKING <= 1 << early
        return few if ranked else AllSets(early)
    if early > MOST_BITS or few.size > MOST_SETS:
        at_most = "" if max_exits is None else f", at most {max_exits} of them together,"
        raise ConfigError(
            f"{early} early candidates{at_most} are too many sets; the exact solver takes {MOST_SETS} of them, or all "
            f"of {MOST_OF_ALL} candidates",
            to_do="allow fewer exits in a design, or offer fewer candidate exits, for instance every second one",
        )
    return few
