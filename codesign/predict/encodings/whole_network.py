"""Features of the genes that belong to no block: the resolution, a width of the whole network, a depth on its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.gene_names import WHOLE_NETWORK, is_depth
from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class WholeNetwork:
    """A number as a share of its greatest value and the square of it, as work grows with resolution; or a one-hot."""

    genes: Genes
    at: tuple[int, ...]  # the genes

    @property
    def columns(self) -> tuple[str, ...]:
        """What each feature says."""
        names: list[str] = []
        for gene in self.at:
            name = self.genes.names[gene]
            if self.genes.choices:
                names += [f"{name}: {self.genes.choices[value]}" for value in self.genes.values[gene]]
            else:
                names += [name, f"{name} squared"]
        return tuple(names)

    def features(self, designs: IntArray) -> FloatArray:
        """(n, features)."""
        parts: list[FloatArray] = [np.zeros((len(designs), 0))]
        for gene in self.at:
            if self.genes.choices:
                parts.append((designs[:, gene, None] == np.array(self.genes.values[gene])).astype(np.float64))
            else:
                share = designs[:, gene, None] / max(1, *map(abs, self.genes.values[gene]))
                parts += [share, share**2]
        return np.concatenate(parts, axis=1)


def whole_network(genes: Genes) -> WholeNetwork:
    """Genes without a unit, and depth genes that do not merely count the blocks of their unit."""
    return WholeNetwork(
        genes,
        tuple(
            gene
            for gene, (feature, unit) in enumerate(zip(genes.features, genes.units, strict=True))
            if unit == WHOLE_NETWORK or (is_depth(feature) and not genes.counted_by_depth(unit))
        ),
    )
