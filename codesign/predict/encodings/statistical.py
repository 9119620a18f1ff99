"""Statistical encoding: the mean and the standard deviation of each feature over all blocks of the network.

ESM, section II-C, calls it so and finds it too dense. The number of blocks is a feature too, over units. Choices whose
names tell no numbers are one feature each, which a block has (1) or has not (0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray

from .block_features import OPERATION, UnitBlocks, unit_blocks
from .whole_network import WholeNetwork, whole_network

NAME, BLOCKS = "statistical", "number of blocks"
Read = tuple[UnitBlocks, IntArray, IntArray]  # with what its blocks have, and how often they stand in the network


@dataclass(frozen=True, slots=True)
class Statistical:
    """Means and deviations, then the genes that belong to no block."""

    genes: Genes
    units: tuple[UnitBlocks, ...]
    rest: WholeNetwork
    name: str = NAME

    @property
    def columns(self) -> tuple[str, ...]:
        """What each feature says."""
        named = [*self._features(), BLOCKS]
        return (*[f"{what} of {name}" for name in named for what in ("mean", "deviation")], *self.rest.columns)

    def features(self, designs: IntArray) -> FloatArray:
        """(n, features); 0 where there is no block at all."""
        written = self.genes.canonical(designs)
        read = [(blocks, blocks.of(written), blocks.times(written)) for blocks in self.units]
        parts = [_mean_and_deviation(*self._of(feature, read)) for feature in self._features()]
        in_units = self._numbers_of_blocks(read, len(written))
        parts += [_mean_and_deviation(in_units, np.ones_like(in_units)), self.rest.features(written)]
        return np.concatenate(parts, axis=1)

    def _features(self) -> list[str]:
        features = dict.fromkeys(feature for blocks in self.units for feature in blocks.features)
        if list(features) == [OPERATION]:
            return list(self.genes.choices)
        return list(features)

    def _of(self, feature: str, read: list[Read]) -> tuple[FloatArray, FloatArray]:
        """(n, blocks): what each block of the network has of a feature, and how often the block stands there."""
        values, weights = [], []
        for blocks, has, times in read:
            if blocks.features == (OPERATION,):
                values.append(has[:, :, 0] == self.genes.choices.index(feature) + 1)
            elif feature in blocks.features:
                values.append(has[:, :, blocks.features.index(feature)])
            else:
                continue
            weights.append(has.any(axis=2) * times[:, None])
        return np.concatenate(values, axis=1).astype(np.float64), np.concatenate(weights, axis=1).astype(np.float64)

    def _numbers_of_blocks(self, read: list[Read], designs: int) -> FloatArray:
        """(n, units); where features of a unit are read as blocks of their own, the most of them."""
        numbers: dict[int, IntArray] = {}
        for blocks, has, times in read:
            counted = has.any(axis=2).sum(axis=1) * times
            numbers[blocks.unit] = np.maximum(numbers.get(blocks.unit, counted), counted)
        return np.stack(list(numbers.values()), axis=1).astype(np.float64) if numbers else np.zeros((designs, 1))


def statistical(genes: Genes) -> Statistical:
    """The encoding of a space."""
    return Statistical(genes, unit_blocks(genes, whole_choices=False), whole_network(genes))


def _mean_and_deviation(values: FloatArray, weights: FloatArray) -> FloatArray:
    """(n, 2), weighted."""
    total = np.maximum(weights.sum(axis=1), 1e-12)  # without blocks the sums above are 0 too
    mean = (values * weights).sum(axis=1) / total
    variance = ((values - mean[:, None]) ** 2 * weights).sum(axis=1) / total
    return np.stack([mean, np.sqrt(variance)], axis=1)
