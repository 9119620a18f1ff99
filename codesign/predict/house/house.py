"""The house model of one board: additive costs of blocks plus smooth functions of the work, as one Gaussian process.

Costs themselves are modelled, not their logarithms, since those of blocks add up; noise grows with the cost.
With few samples the prior's variances are tuned on the very samples that are left out, whose residuals come out too
small: the interval rests on folds instead, each predicted by a fit of its own. With many it need not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.conformal import conformal
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Arrays
from codesign.predict.costs.training_range import TrainingRange
from codesign.predict.models.samples import distinct_networks
from runtime.contract.arrays import FloatArray, IntArray

from .fitted_house import FittedHouse
from .second_opinions import Opinion, opinions_worth_hearing
from .surface_fit import fitted_surface

FEW, FOLDS = 256, 10
FEWEST = 2  # samples that a surface can be fitted on
FEWEST_FOR_OPINIONS = 40  # with fewer, errors out of fold do not tell models apart


@dataclass(frozen=True, slots=True)
class House:
    """Takes no encoding: it has its own features."""

    genes: Genes

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> FittedHouse:
        """Fit on samples of one board.

        Args:
            designs: (n, genes); samples of the same network count as one of their median cost.
            costs: (n,), above 0, in any unit.
            rng: draws folds, and the samples that variances are tuned on where there are many.
        Raises:
            ShapeError: designs of other genes, or costs of another number of designs.
            DataError: a cost that is not finite or not above 0, or fewer than 2 networks.
        """
        networks = distinct_networks(self.genes, designs, costs)
        written = self.genes.canonical(designs)
        known = self.genes.with_values_of(written)
        distinct = written[np.unique(networks, return_index=True)[1]]
        cost = np.array([np.median(costs[networks == network]) for network in range(len(distinct))])
        fit = fitted_surface(known, distinct, cost, rng)
        opinions: tuple[Opinion, ...] = ()
        predicted = fit.left_out
        if len(cost) <= FEW:
            folds = rng.permutation(len(cost)) % min(FOLDS, len(cost))
            predicted = _out_of_fold(known, distinct, cost, folds, rng)
            if len(cost) >= FEWEST_FOR_OPINIONS:
                opinions, predicted = opinions_worth_hearing(known, distinct, cost, predicted, folds, rng)
        residuals = np.log(cost) - np.log(predicted)
        return FittedHouse(fit.surface, opinions, TrainingRange.of(known, distinct), conformal(residuals, np.log(cost)))

    def restored(self, arrays: Arrays) -> FittedHouse:
        """What `as_arrays` gave. Raises DataError where an array is missing or of another space."""
        return FittedHouse.from_arrays(self.genes, arrays)


def _out_of_fold(
    genes: Genes, designs: IntArray, costs: FloatArray, folds: IntArray, rng: np.random.Generator
) -> FloatArray:
    """(n,): each sample as a fit without its fold predicts it."""
    predicted = np.full(len(costs), float(np.median(costs)))
    for fold in range(int(folds.max()) + 1):
        kept = folds != fold
        if kept.sum() >= FEWEST:
            predicted[~kept] = fitted_surface(genes, designs[kept], costs[kept], rng).surface.mean(designs[~kept])
    return predicted
