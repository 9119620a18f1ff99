"""One-hot encoding: for every gene and every value it can take, whether the design has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray

NAME = "one-hot"


@dataclass(frozen=True, slots=True)
class OneHot:
    """A value that the genes do not list has no column: all of its gene's are 0."""

    genes: Genes
    name: str = NAME

    @property
    def columns(self) -> tuple[str, ...]:
        """What each feature says."""
        said = self.genes.choices
        return tuple(
            f"{name}: {said[value] if said else value}"
            for name, values in zip(self.genes.names, self.genes.values, strict=True)
            for value in values
        )

    def features(self, designs: IntArray) -> FloatArray:
        """(n, features), 0 or 1."""
        written = self.genes.canonical(designs)
        features = np.zeros((len(written), sum(map(len, self.genes.values))))
        first = 0
        for gene, values in enumerate(self.genes.values):
            place = np.minimum(np.searchsorted(values, written[:, gene]), len(values) - 1)
            known = np.flatnonzero(np.asarray(values)[place] == written[:, gene])
            features[known, first + place[known]] = 1.0
            first += len(values)
        return features


def one_hot(genes: Genes) -> OneHot:
    """The encoding of a space. Raises DataError where it is not known what a gene can take."""
    genes.check_values()
    return OneHot(genes)
