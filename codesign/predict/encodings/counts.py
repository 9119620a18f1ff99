"""Feature counts per unit: of single feature values (FC), or of their combinations in a block (FCC).

ESM, section II-C (Feature Combination Count encoding). Blocks of a unit may change places without any feature changing;
a space whose names tell no units has one block in each, and its counts are then as long as one-hot vectors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations, product
from math import prod

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray

from .block_features import OPERATION, UnitBlocks, unit_blocks
from .whole_network import WholeNetwork, whole_network

FC, FCC = "fc", "fcc"
MOST_COMBINATIONS = 512  # in a unit; beyond that the combinations of each two features are counted
MOST_OF_PAIRS = 1024  # of those; beyond that each feature's values, as FC counts them


@dataclass(frozen=True, slots=True)
class Count:
    """The combinations of some features of a block, numbered; a block that has nothing at all is none of them."""

    features: tuple[int, ...]  # places among those of the unit
    values: tuple[tuple[int, ...], ...]  # of each

    @property
    def length(self) -> int:
        """How many combinations there are."""
        return prod(map(len, self.values))

    def of(self, blocks: IntArray) -> FloatArray:
        """(n, length): how many of the blocks, (n, blocks, features), are each combination."""
        if not self.length:
            return np.zeros((len(blocks), 0))
        code = np.zeros(blocks.shape[:2], dtype=np.int64)
        known = blocks.any(axis=2)
        for feature, values in zip(self.features, self.values, strict=True):
            has = blocks[:, :, feature]
            place = np.minimum(np.searchsorted(values, has), len(values) - 1)
            known &= np.asarray(values)[place] == has
            code = code * len(values) + place
        cells = np.arange(len(blocks))[:, None] * self.length + code
        counted = np.bincount(cells[known], minlength=len(blocks) * self.length)
        return counted.reshape(len(blocks), self.length).astype(np.float64)


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """What is counted in a unit."""

    blocks: UnitBlocks
    counts: tuple[Count, ...]

    def of(self, designs: IntArray) -> FloatArray:
        """(n, features) of canonical designs."""
        blocks = self.blocks.of(designs)
        return np.concatenate([count.of(blocks) for count in self.counts], axis=1) * self.blocks.times(designs)[:, None]

    def columns(self, choices: tuple[str, ...]) -> Iterable[str]:
        """What each feature says."""
        for count in self.counts:
            names = [self.blocks.features[feature] for feature in count.features]
            for together in product(*count.values):
                said = ", ".join(f"{name} {value}" for name, value in zip(names, together, strict=True))
                yield f"unit {self.blocks.unit}: {choices[together[0] - 1] if names == [OPERATION] else said}"


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts in every unit, then the genes that belong to no block."""

    name: str
    genes: Genes
    units: tuple[UnitCounts, ...]
    rest: WholeNetwork

    @property
    def columns(self) -> tuple[str, ...]:
        """What each feature says."""
        return (*(name for unit in self.units for name in unit.columns(self.genes.choices)), *self.rest.columns)

    def features(self, designs: IntArray) -> FloatArray:
        """(n, features): whole numbers, but for genes of the whole network."""
        written = self.genes.canonical(designs)
        return np.concatenate([unit.of(written) for unit in self.units] + [self.rest.features(written)], axis=1)


def feature_counts(genes: Genes) -> Counts:
    """FC: how many blocks of each unit have each value of each feature; having none of it is not counted."""
    units = []
    for blocks in unit_blocks(genes, whole_choices=False):
        values = [tuple(value for value in of_feature if value) for of_feature in blocks.values]
        units.append(UnitCounts(blocks, tuple(Count((at,), (of,)) for at, of in enumerate(values))))
    return Counts(FC, genes, tuple(units), whole_network(genes))


def combination_counts(genes: Genes) -> Counts:
    """FCC: how many blocks of each unit have each combination of values; of choices, how many are each choice."""
    units = []
    for blocks in unit_blocks(genes, whole_choices=True):
        values = blocks.values
        counts = [Count(together, tuple(values[at] for at in together)) for together in _together(values)]
        units.append(UnitCounts(blocks, tuple(counts)))
    return Counts(FCC, genes, tuple(units), whole_network(genes))


def _together(values: tuple[tuple[int, ...], ...]) -> Iterable[tuple[int, ...]]:
    features = tuple(range(len(values)))
    if len(features) == 1 or prod(map(len, values)) <= MOST_COMBINATIONS:
        return [features]
    pairs = list(combinations(features, 2))
    if sum(len(values[one]) * len(values[other]) for one, other in pairs) <= MOST_OF_PAIRS:
        return pairs
    return [(feature,) for feature in features]
