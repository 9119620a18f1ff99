"""What the house model sees of a design: every gene's value, feature counts per unit, layer shapes where known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.genes import Genes
from codesign.predict.encodings import layers
from codesign.predict.encodings.counts import Counts, combination_counts
from codesign.predict.encodings.encodings import encodings_for
from codesign.predict.encodings.layers import Layers
from codesign.predict.encodings.one_hot import OneHot, one_hot
from runtime.contract.arrays import FloatArray, IntArray

LONGEST_TABLE = 4096  # values are numbers of any size; small ones are looked up in a table, which is faster


@dataclass(frozen=True, slots=True)
class DesignFeatures:
    """Columns in three parts: one-hot; counts (FCC), then layer shapes; counts times genes of the whole network.

    The last part says that a block costs more at a higher resolution; where no gene concerns the whole network it is
    empty.
    """

    genes: Genes
    one_hot: OneHot
    counts: Counts
    shapes: Layers | None  # None: the macro-architecture is not known

    @property
    def one_hot_columns(self) -> int:
        """How many columns the first part has."""
        return sum(map(len, self.genes.values))

    @property
    def counted(self) -> int:
        """How many counts there are."""
        return len(self.counts.columns)

    @property
    def dense_columns(self) -> slice:
        """Which of all columns the second part is."""
        wide = self.counted + (len(self.shapes.columns) if self.shapes else 0)
        return slice(self.one_hot_columns, self.one_hot_columns + wide)

    @property
    def dense_parts(self) -> tuple[slice, ...]:
        """Which of the second part's columns are counts, and which layer shapes, if there are any."""
        end = self.dense_columns.stop - self.dense_columns.start
        parts = slice(0, self.counted), slice(self.counted, end)
        return tuple(part for part in parts if part.start < part.stop)

    @property
    def whole(self) -> int:
        """How many counts, the last ones, say what a number that concerns the whole network is."""
        return 0 if self.genes.choices else len(self.counts.rest.columns)

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return int(self.dense_columns.stop) + self.whole * (self.counted - self.whole)

    def dense(self, designs: IntArray) -> FloatArray:
        """(n, dense columns)."""
        counts = self.counts.features(designs)
        return counts if self.shapes is None else np.concatenate([counts, self.shapes.features(designs)], axis=1)

    def cross(self, dense: FloatArray) -> FloatArray:
        """(n, columns of the third part), of those of the second."""
        blocks, whole = self._factors(dense)
        return (whole[:, :, None] * blocks[:, None, :]).reshape(len(dense), -1)

    def all(self, designs: IntArray) -> FloatArray:
        """(n, columns): the three parts."""
        dense = self.dense(designs)
        return np.concatenate([self.one_hot.features(designs), dense, self.cross(dense)], axis=1)

    def weighted(self, designs: IntArray, dense: FloatArray, weights: FloatArray) -> FloatArray:
        """(n,): `all(designs) @ weights`, without ever writing all columns.

        Args:
            designs: (n, genes), canonical.
            dense: (n, dense columns), theirs.
            weights: (columns,).
        """
        by_value, of_dense, of_cross = np.split(weights, [self.dense_columns.start, self.dense_columns.stop])
        total: FloatArray = dense @ of_dense
        first = 0
        for values, column in zip(self.genes.values, designs.T, strict=True):
            total += _looked_up(values, by_value[first : first + len(values)], column)
            first += len(values)
        if self.whole:
            blocks, whole = self._factors(dense)
            total += (whole * (blocks @ of_cross.reshape(self.whole, -1).T)).sum(axis=1)
        return total

    def _factors(self, dense: FloatArray) -> tuple[FloatArray, FloatArray]:
        end = self.counted
        return dense[:, : end - self.whole], dense[:, end - self.whole : end]


def design_features(genes: Genes) -> DesignFeatures:
    """The features of a space. Raises DataError where it is not known what a gene can take."""
    known = layers.NAME in encodings_for(genes)
    return DesignFeatures(genes, one_hot(genes), combination_counts(genes), layers.layers(genes) if known else None)


def _looked_up(values: Sequence[int], weights: FloatArray, column: IntArray) -> FloatArray:
    """(n,): the weight of each design's value of a gene, 0 for those that the gene does not list.

    Args:
        values: that the gene lists, ascending.
        weights: (values,).
        column: (n,), 0 or more.
    """
    if values[-1] < LONGEST_TABLE:
        table: FloatArray = np.zeros(values[-1] + 2)  # the last place is for all beyond
        table[list(values)] = weights
        return table[np.minimum(column, len(table) - 1)]
    place = np.minimum(np.searchsorted(values, column), len(values) - 1)
    return np.where(np.asarray(values)[place] == column, weights[place], 0.0)
