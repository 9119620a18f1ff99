"""Draws backbones of a supernet's space: as they come, or of a given depth, every way to reach it equally likely."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

from .backbone_space import GENES_PER_STAGE, BackboneSpace

DEPTH = GENES_PER_STAGE.index("depth")


@dataclass(frozen=True)
class BackboneSampler:
    """Draws from one space. Designs hold the genes' values, not their indices."""

    space: BackboneSpace

    @property
    def depths(self) -> tuple[int, int]:
        """Fewest and most blocks of a backbone."""
        stages = self.space.stages
        return sum(stage.depths[0] for stage in stages), sum(stage.depths[-1] for stage in stages)

    def depth(self, designs: IntArray) -> IntArray:
        """Blocks of each backbone, (n,), from designs (n, genes)."""
        total: IntArray = designs[:, self._columns].sum(axis=1)
        return total

    def draw(self, rng: np.random.Generator) -> IntArray:
        """One design, (genes,), each gene uniform."""
        return np.array([rng.choice(values) for values in self.space.gene_choices], dtype=np.int64)

    def draw_of_depth(self, depth: int, rng: np.random.Generator) -> IntArray:
        """One design, (genes,), of so many blocks, each way to spread them over the stages equally likely.

        Raises:
            ConfigError: no backbone has so many blocks.
        """
        if not 0 <= depth < self._ways.shape[1] or not self._ways[0, depth]:
            raise ConfigError(f"no backbone of space {self.space.name!r} has {depth} blocks: {self.depths}")
        design, left = self.draw(rng), depth
        for number, (column, stage) in enumerate(zip(self._columns, self.space.stages, strict=True)):
            choices = [size for size in stage.depths if size <= left]
            weights = np.array([self._ways[number + 1, left - size] for size in choices])
            design[column] = rng.choice(choices, p=weights / weights.sum())
            left -= int(design[column])
        return design

    @cached_property
    def _columns(self) -> list[int]:
        """Of the depth genes, after the resolution."""
        return [1 + number * len(GENES_PER_STAGE) + DEPTH for number in range(len(self.space.stages))]

    @cached_property
    def _ways(self) -> FloatArray:
        """(stages + 1, depths): in how many ways the stages from one on can have so many blocks together."""
        ways = np.zeros((len(self.space.stages) + 1, self.depths[1] + 1))
        ways[-1, 0] = 1.0
        for number in reversed(range(len(self.space.stages))):
            for size in self.space.stages[number].depths:
                ways[number, size:] += ways[number + 1, : ways.shape[1] - size]
        return ways
