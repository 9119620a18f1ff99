"""Bins of equal width along the number of blocks: where a predictor must be accurate, one by one (ESM, DAC 2025)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError


@dataclass(frozen=True, slots=True)
class DepthBins:
    """`firsts` are the fewest blocks of each bin, ascending; `last` the most of the last one."""

    firsts: tuple[int, ...]
    last: int

    @classmethod
    def equal(cls, depths: tuple[int, int], count: int) -> DepthBins:
        """So many bins over depths from the fewest to the most blocks; bins differ by at most one depth.

        Raises:
            ConfigError: fewer depths than bins, or no bin at all.
        """
        fewest, most = depths
        if not 1 <= count <= most - fewest + 1:
            raise ConfigError(
                f"{count} bins do not fit {most - fewest + 1} depths", where="--bins", to_do="give 1 or more, but fewer"
            )
        edges = np.linspace(fewest, most + 1, count + 1)
        return cls(tuple(int(np.ceil(edge - 1e-9)) for edge in edges[:-1]), most)

    def __len__(self) -> int:
        return len(self.firsts)

    def of(self, depths: IntArray) -> IntArray:
        """The bin of each depth, (n,)."""
        found: IntArray = np.searchsorted(self.firsts, depths, side="right") - 1
        return found

    def depths(self, number: int) -> range:
        """The depths of a bin."""
        following = self.firsts[number + 1] if number + 1 < len(self) else self.last + 1
        return range(self.firsts[number], following)

    def label(self, number: int) -> str:
        """A bin in words."""
        depths = self.depths(number)
        return f"{depths[0]} blocks" if len(depths) == 1 else f"{depths[0]}–{depths[-1]} blocks"
