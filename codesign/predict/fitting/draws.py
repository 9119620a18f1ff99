"""Draws designs that were not drawn before: as they come, or so many for each bin."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import DataError

from .depth_bins import DepthBins

MOST_TRIES = 1000  # at one design


class DesignSource(Protocol):
    """A space to draw from, like `codesign.space.chain_sampling.ChainSampler`, or a table of measured designs."""

    @property
    def depths(self) -> tuple[int, int]:
        """Fewest and most blocks of a network."""
        ...

    def depth(self, designs: IntArray) -> IntArray:
        """Blocks of each network, (n,), from genomes (n, genes)."""
        ...

    def draw(self, rng: np.random.Generator) -> IntArray:
        """One genome, (genes,), as the space has them."""
        ...

    def draw_of_depth(self, depth: int, rng: np.random.Generator) -> IntArray:
        """One genome, (genes,), of so many blocks."""
        ...


class NewDesigns:
    """Never gives the same design twice."""

    def __init__(self, source: DesignSource) -> None:
        self._source, self._given = source, set[bytes]()

    def random(self, count: int, rng: np.random.Generator) -> IntArray:
        """(count, genes): as the space has them. Raises DataError where it has no more."""
        return np.stack([self._new(None, rng) for _ in range(count)])

    def per_bin(self, counts: IntArray, bins: DepthBins, rng: np.random.Generator) -> IntArray:
        """(sum of counts, genes): so many of each bin, its depths equally likely, in mixed order.

        In mixed order, because batches are measured one after another: a drift should not look like depth.

        Raises:
            DataError: a bin has no more designs.
        """
        bin_of_each = rng.permutation(np.repeat(np.arange(len(bins)), counts))
        return np.stack([self._new(bins.depths(int(number)), rng) for number in bin_of_each])

    def _new(self, depths: range | None, rng: np.random.Generator) -> IntArray:
        for _ in range(MOST_TRIES):
            if depths is None:
                design = self._source.draw(rng)
            else:
                design = self._source.draw_of_depth(int(rng.integers(depths[0], depths[-1] + 1)), rng)
            key = design.astype(np.int64).tobytes()
            if key not in self._given:
                self._given.add(key)
                return design
        among = "the space" if depths is None else f"networks of {depths[0]} to {depths[-1]} blocks"
        raise DataError(
            f"{MOST_TRIES} draws found no design of {among} that was not drawn before",
            to_do="ask for fewer, or give a larger space",
        )
