"""How alike two backbones of a supernet are: four kernels over their genes, whose sum a Gaussian process learns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.gene_names import WHOLE_NETWORK
from codesign.predict.costs.genes import Genes
from codesign.predict.encodings.counts import combination_counts
from codesign.predict.encodings.one_hot import one_hot
from runtime.contract.arrays import FloatArray, IntArray

KERNELS = ("whole network", "one-hot", "fcc", "smooth")
SMOOTH_WIDTH = 0.4  # in root mean square difference of genes, each from 0 to 1


@dataclass(frozen=True, slots=True)
class AccuracyKernels:
    """Linear in single genes and in FCC (counts of combinations per stage), and any smooth function of all genes.

    Genes of the whole network, such as the resolution, have one of their own besides: they may matter more than all
    others, and ten samples are enough to see that. Each is about 1 between a design and itself. Nothing is fitted, so a
    saved model needs the genes alone.
    """

    genes: Genes

    def between(self, some: IntArray, others: IntArray) -> list[FloatArray]:
        """(some, others) per kernel."""
        linear = [a @ b.T for a, b in zip(self._linear(some), self._linear(others), strict=True)]
        a, b = self._shares(some), self._shares(others)
        far = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
        smooth: FloatArray = np.exp(-np.maximum(far, 0.0) / (2.0 * len(self.genes.names) * SMOOTH_WIDTH**2))
        return [self._agreement(some, others), *linear, smooth]

    def alone(self, designs: IntArray) -> list[FloatArray]:
        """(n,) per kernel: each design with itself."""
        same = np.ones(len(designs))
        return [same, *((features**2).sum(axis=1) for features in self._linear(designs)), same]

    def _linear(self, designs: IntArray) -> list[FloatArray]:
        """(n, features) per linear kernel, of length 1 for the largest backbone."""
        largest = np.asarray([[values[-1] for values in self.genes.values]])
        encodings = (one_hot(self.genes), combination_counts(self.genes))
        return [e.features(designs) / float(np.linalg.norm(e.features(largest))) for e in encodings]

    def _agreement(self, some: IntArray, others: IntArray) -> FloatArray:
        """The share of the genes of the whole network that are the same; 1 where there are none."""
        whole = [gene for gene, unit in enumerate(self.genes.units) if unit == WHOLE_NETWORK]
        same = some[:, None, whole] == others[None, :, whole]
        agreement: FloatArray = same.mean(axis=2) if whole else np.ones((len(some), len(others)))
        return agreement

    def _shares(self, designs: IntArray) -> FloatArray:
        """(n, genes): each value's place among its gene's, from 0 to 1; absent as the smallest."""
        places = [np.searchsorted(values, designs[:, gene]) for gene, values in enumerate(self.genes.values)]
        most = np.asarray([max(len(values) - 1, 1) for values in self.genes.values])
        shares: FloatArray = np.minimum(np.stack(places, axis=1), most) / most
        return shares
