"""The fitted house model: a cost surface, its conformal interval, and the values that it has seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.conformal import Conformal
from codesign.predict.costs.distinct import distinct
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays
from codesign.predict.costs.training_range import TrainingRange
from runtime.contract.arrays import FloatArray, IntArray

from .block_costs import BlockCosts, block_costs
from .cost_surface import CostSurface
from .second_opinions import Opinion, as_arrays, blended, from_arrays

BLOCK = 4096  # designs at a time, which bounds the memory


@dataclass(frozen=True, slots=True)
class FittedHouse:
    """Of one board."""

    surface: CostSurface
    opinions: tuple[Opinion, ...]  # averaged in
    range: TrainingRange
    conformal: Conformal

    def predict(self, designs: IntArray) -> Prediction:
        """Costs of designs, (n, genes), in the unit of the fit; values never seen widen the interval.

        Raises:
            ShapeError, DataError: designs of other genes, or a value that none can have.
        """
        once, places = distinct(self.range.genes.canonical(designs))
        blocks = np.array_split(once, range(BLOCK, len(once), BLOCK))
        mean = np.concatenate([self._mean(block) for block in blocks])
        return self.conformal.prediction(mean[places], self.range.beyond(once)[places])

    def per_block_costs(self, rng: np.random.Generator) -> BlockCosts:
        """What each value of each gene adds to the cost, never below 0; `rng` draws the designs this is asked of."""
        return block_costs(self.range, self.surface.mean, rng)

    def as_arrays(self) -> Arrays:
        """All it takes to predict again; the genes are kept beside."""
        parts = self.surface.as_arrays(), as_arrays(self.opinions), self.range.as_arrays(), self.conformal.as_arrays()
        return {name: array for part in parts for name, array in part.items()}

    @classmethod
    def from_arrays(cls, genes: Genes, arrays: Arrays) -> FittedHouse:
        """What `as_arrays` gave. Raises DataError where an array is missing or of another space."""
        return cls(
            CostSurface.from_arrays(genes, arrays),
            from_arrays(genes, arrays),
            TrainingRange.from_arrays(genes, arrays),
            Conformal.from_arrays(arrays),
        )

    def _mean(self, designs: IntArray) -> FloatArray:
        return blended(self.surface.mean(designs), [opinion.mean(designs) for opinion in self.opinions])
