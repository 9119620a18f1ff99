"""A look-up table: every block has a cost of its own, and a network costs the sum of its blocks'.

The baseline of ESM (section III-B), with its linear correction of the sum. Its authors profile blocks one by one; a
table can also be had from whole networks, which is the stronger baseline: the entries are then the non-negative ones
that explain the samples best, drawn a little towards the entry that all blocks would share, so that a block which no
sample holds is not free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Arrays
from codesign.predict.encodings.encodings import ENCODINGS
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .encoded_model import EncodedModel
from .least_squares import LinearCosts
from .relative_errors import RelativeErrors, importance

NAME = "lookup"
FOLDS = 10
PULL = 0.3  # how strongly an entry is drawn to the shared one, as a share of a sample's mean entry


@dataclass(frozen=True, slots=True)
class Corrected:
    """A line through sums: cost = offset + slope · sum of the inputs; the offset may be below 0."""

    def fit(self, inputs: FloatArray, costs: FloatArray, rng: np.random.Generator) -> LinearCosts:
        """Fit to the least squares of relative errors; nothing is drawn from `rng`."""
        del rng
        offset, slope = _correction(inputs.sum(axis=1), costs)
        return LinearCosts(np.array([offset, *np.full(inputs.shape[1], slope)]))

    def restored(self, arrays: Arrays, columns: int) -> LinearCosts:
        """What `as_arrays` gave. Raises DataError where it is damaged."""
        return LinearCosts.from_arrays(arrays, columns)


@dataclass(frozen=True, slots=True)
class FittedTable:
    """The table by regression, then corrected."""

    pull: float = PULL

    def fit(self, inputs: FloatArray, costs: FloatArray, rng: np.random.Generator) -> LinearCosts:
        """Fit the entries of the table, one per column of the inputs; nothing is drawn from `rng`."""
        del rng
        columns = np.column_stack([np.ones(len(costs)), inputs])
        weights = importance(costs)
        relative = columns * weights[:, None]
        shared = costs.sum() / columns.sum()  # the entry that all would have
        drawn = self.pull * np.sqrt(np.mean(relative**2))
        entries = nnls(
            np.vstack([relative, drawn * np.eye(columns.shape[1])]),
            np.concatenate([weights * costs, np.full(columns.shape[1], drawn * shared)]),
        )[0]
        offset, slope = _correction(columns @ entries, costs)
        return LinearCosts(np.array([offset + slope * entries[0], *(slope * entries[1:])]))

    def restored(self, arrays: Arrays, columns: int) -> LinearCosts:
        """What `as_arrays` gave. Raises DataError where it is damaged."""
        return LinearCosts.from_arrays(arrays, columns)


@dataclass(frozen=True, slots=True)
class ProfiledLayers:
    """An encoding: what the layers of a design cost one by one, summed up."""

    genes: Genes
    entries: Mapping[tuple[str, int], float]  # of (gene, value)
    name: str = "profiled layers"
    columns: tuple[str, ...] = ("sum of the profiled layers",)

    def features(self, designs: IntArray) -> FloatArray:
        """(n, 1). Raises DataError where a layer was not profiled; an absent one (0) costs nothing."""
        written = self.genes.canonical(designs)
        total = np.zeros(len(written))
        for name, column in zip(self.genes.names, written.T, strict=True):
            values, place = np.unique(column, return_inverse=True)
            total += np.array([self._entry(name, int(value)) for value in values])[place]
        return total[:, None]

    def _entry(self, gene: str, value: int) -> float:
        found = self.entries.get((gene, value), None if value or self.genes.choices else 0.0)
        if found is None:
            said = self.genes.choices[value] if self.genes.choices else str(value)
            raise DataError(f"the table has no {gene} = {said}", to_do="profile this layer too")
        return found


def lookup(genes: Genes, encoding: str) -> EncodedModel:
    """The predictor with a table by regression: an entry for each feature of a counting encoding."""
    return EncodedModel(genes, ENCODINGS[encoding](genes), FittedTable(), FOLDS)


def profiled_lookup(genes: Genes, entries: Mapping[tuple[str, int], float]) -> EncodedModel:
    """The predictor with a table of profiled layers, in any unit: whole networks only correct its sums.

    Raises:
        DataError: an entry is not finite or below 0.
    """
    for (gene, value), cost in entries.items():
        if not 0.0 <= cost < np.inf:
            raise DataError(f"{cost:g} cannot be a cost", where=f"{gene} = {value}", to_do="profile the layer again")
    return EncodedModel(genes, ProfiledLayers(genes, entries), Corrected(), FOLDS)


def _correction(sums: FloatArray, costs: FloatArray) -> tuple[float, float]:
    """Offset and slope of the line from sums to costs with the least squares of relative errors."""
    problem = RelativeErrors.of(sums[:, None], costs)
    offset, slope = problem.line(np.linalg.lstsq(problem.rows, problem.target[:, None], rcond=None)[0])[:, 0]
    return float(offset), float(slope)
