"""Draws networks of a space: as they come, or of a given depth with every way to reach it equally likely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

from .chain_space import BlockChoice, ChainSpace


@dataclass(frozen=True)
class ChainSampler:
    """Draws from one space."""

    space: ChainSpace

    @property
    def depths(self) -> tuple[int, int]:
        """Fewest and most blocks of a network."""
        return self.space.depths

    def depth(self, designs: IntArray) -> IntArray:
        """Blocks of each network, (n,), from genomes (n, genes)."""
        return self.space.depth(designs)

    def draw(self, rng: np.random.Generator) -> IntArray:
        """One genome, (genes,): the depth of each unit uniform, hence the whole depth close to Gaussian."""
        fewest, most = self.space.blocks
        return self._filled(rng.integers(fewest, most + 1, len(self.space.units)), rng)

    def draw_of_depth(self, depth: int, rng: np.random.Generator) -> IntArray:
        """One genome, (genes,), of so many blocks, each way to spread them over the units equally likely.

        Raises:
            ConfigError: no network has so many blocks.
        """
        if not 0 <= depth < self._ways.shape[1] or not self._ways[0, depth]:
            raise ConfigError(f"no network of space {self.space.name!r} has {depth} blocks: {self.depths}")
        depths, left = [], depth
        for unit in range(len(self.space.units)):
            choices = [size for size in range(self.space.blocks[0], self.space.blocks[1] + 1) if size <= left]
            weights = np.array([self._ways[unit + 1, left - size] for size in choices])
            depths.append(int(rng.choice(choices, p=weights / weights.sum())))
            left -= depths[-1]
        return self._filled(np.array(depths), rng)

    @cached_property
    def _ways(self) -> FloatArray:
        """(units + 1, blocks + 1): in how many ways the units from u on hold so many blocks."""
        fewest, most = self.space.blocks
        ways = np.zeros((len(self.space.units) + 1, self.depths[1] + 1))
        ways[-1, 0] = 1.0
        for unit in reversed(range(len(self.space.units))):
            for size in range(fewest, most + 1):
                ways[unit, size:] += ways[unit + 1, : ways.shape[1] - size]
        return ways

    def _filled(self, depths: IntArray, rng: np.random.Generator) -> IntArray:
        """Kernels and expansions uniform, as the space shares them."""
        space, units = self.space, []
        for depth in depths:
            kernels = rng.choice(space.kernels, 1 if space.kernel_per_unit else int(depth))
            kernels = np.broadcast_to(kernels, int(depth))
            expansions = rng.choice(space.expansions, int(depth)).tolist() if space.expansions else [None] * int(depth)
            units.append(tuple(BlockChoice(int(k), e) for k, e in zip(kernels, expansions, strict=True)))
        return space.encode(tuple(units))
