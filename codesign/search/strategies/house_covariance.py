"""How alike the worth of two designs is: by genes they share, how far values are apart, how often each stands there.

The covariance is a sum of three: one in proportion to the genes that agree, which is a linear model of the one-hot
genome; one that falls exponentially with the distance between designs, which is every interplay of genes, the higher
the less; and one that falls with the difference in how many genes have a value, which is what networks cost that run
the same operations in another order. The distance is a sum over genes of a rate of the gene's own times the distance
between its two values, which are points that are learnt (as in Duan et al.'s and others' latent-variable processes) and
start all equally far apart. Genes with equally many values share those points and are counted together: as a rule they
choose among the same operations.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

LINEAR, INTERPLAY, COUNTS, COUNT_RATE, NOISE, RATES = range(6)  # places among the parameters; logarithms up to RATES
CONSTANT = 1.0  # variance of the mean, of worth with variance 1
EMBEDDED = 12  # values; of genes with more, all values stay equally far apart
DEVIATION, OF_POINTS = 1.0, 0.15  # of the parameters' prior: logarithms, coordinates of values


@dataclass(frozen=True)
class Covariance:
    """Of designs with these genes; parameters are one row of numbers: logarithms of scales, then points of values."""

    gene_sizes: tuple[int, ...]

    @cached_property
    def groups(self) -> tuple[tuple[int, IntArray], ...]:
        """For each number of values the genes that have so many."""
        sizes = np.asarray(self.gene_sizes)
        return tuple((int(size), np.flatnonzero(sizes == size)) for size in np.unique(sizes))

    @property
    def genes(self) -> int:
        """How many."""
        return len(self.gene_sizes)

    def prior(self) -> tuple[FloatArray, FloatArray]:
        """(parameters,) most likely before anything is known, of worth with variance 1, and their deviations."""
        logs = np.log(np.concatenate([[0.5, 0.5, 0.5, 0.5, 0.02], np.full(self.genes, 1.5 / self.genes)]))
        points = [np.eye(size).ravel() / np.sqrt(2.0) for size, _ in self.groups if size <= EMBEDDED]
        middle = np.concatenate([logs, *points])
        return middle, np.where(np.arange(len(middle)) < len(logs), DEVIATION, OF_POINTS)

    def between(self, parameters: FloatArray, designs: IntArray, others: IntArray) -> FloatArray:
        """(n, m): the covariance of designs (n, genes) and others (m, genes), without noise."""
        return CONSTANT + sum(self._parts(parameters, designs, others), start=np.zeros((len(designs), len(others))))

    def of_one(self, parameters: FloatArray) -> float:
        """The variance of any design, without noise."""
        return float(CONSTANT + np.exp(parameters[[LINEAR, INTERPLAY, COUNTS]]).sum())

    def slope(self, parameters: FloatArray, designs: IntArray, weights: FloatArray) -> FloatArray:
        """(parameters,): the derivative of the sum of weights (n, n) times covariance, noise included."""
        scales = np.exp(parameters[: RATES + self.genes])
        parts = [weights * part for part in self._parts(parameters, designs, designs)]
        found = np.zeros(len(parameters))
        found[[LINEAR, INTERPLAY, COUNTS]] = [part.sum() for part in parts]
        found[COUNT_RATE] = -scales[COUNT_RATE] * np.vdot(parts[COUNTS], self._count_distances(designs, designs))
        found[NOISE] = scales[NOISE] * np.trace(weights)
        start = RATES + self.genes
        for (size, genes), points in zip(self.groups, self._points(parameters), strict=True):
            apart, pulls = _squared(points), np.zeros((size, size))
            for gene in genes:
                ones = np.eye(size)[designs[:, gene]]
                met = scales[RATES + gene] * (ones.T @ parts[INTERPLAY] @ ones)  # by pair of values
                found[RATES + gene] = -(met * apart).sum()
                pulls += met + met.T
            if size <= EMBEDDED:
                found[start : start + size * size] = (
                    -2.0 * (pulls.sum(axis=1)[:, None] * points - pulls @ points).ravel()
                )
                start += size * size
        return found

    def _parts(self, parameters: FloatArray, designs: IntArray, others: IntArray) -> list[FloatArray]:
        """The linear part, that of the interplay and that of the counts, (n, m) each."""
        scales = np.exp(parameters[: RATES + self.genes])
        agree, far = np.zeros((2, len(designs), len(others)))
        for (_, genes), points in zip(self.groups, self._points(parameters), strict=True):
            apart = _squared(points)
            for gene in genes:
                one, two = designs[:, gene], others[:, gene]
                agree += one[:, None] == two
                far += (scales[RATES + gene] * apart)[one][:, two]
        return [
            scales[LINEAR] / self.genes * agree,
            scales[INTERPLAY] * np.exp(-far),
            scales[COUNTS] * np.exp(-scales[COUNT_RATE] * self._count_distances(designs, others)),
        ]

    def _points(self, parameters: FloatArray) -> list[FloatArray]:
        """Per group of genes the points of its values, (values, coordinates)."""
        start, found = RATES + self.genes, []
        for size, _ in self.groups:
            if size > EMBEDDED:
                found.append(np.eye(size) / np.sqrt(2.0))
            else:
                found.append(parameters[start : start + size * size].reshape(size, size))
                start += size * size
        return found

    def _count_distances(self, designs: IntArray, others: IntArray) -> FloatArray:
        """(n, m): squared, per gene."""
        one, two = self._counts(designs), self._counts(others)
        distance = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1) - 2.0 * one @ two.T
        squared: FloatArray = np.maximum(distance, 0.0) / self.genes
        return squared

    def _counts(self, designs: IntArray) -> FloatArray:
        """(n, columns): how many of the genes with equally many values have each value."""
        return np.concatenate([np.eye(size)[designs[:, genes]].sum(axis=1) for size, genes in self.groups], axis=1)


def _squared(points: FloatArray) -> FloatArray:
    """(n, n): squared distances."""
    squares = (points**2).sum(axis=1)
    found: FloatArray = np.maximum(squares[:, None] + squares - 2.0 * points @ points.T, 0.0)
    return found
