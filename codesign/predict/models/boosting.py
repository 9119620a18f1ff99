"""Gradient boosting of log costs: many shallow trees, each fitted to what those before it left over.

Friedman (Annals of Statistics 2001), by scikit-learn's exact trees rather than its histograms: with 100 and 500 samples
of the public tables the two are equally good, and only these have a documented way to read the trees out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingRegressor

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Arrays
from codesign.predict.encodings.encodings import ENCODINGS
from runtime.contract.arrays import FloatArray

from .encoded_model import EncodedModel
from .stored import floats
from .trees import GrownTree, Trees, filled_up

NAME = "boosting"
FOLDS = 5
TREES, DEPTH, LEARNING_RATE = 200, 3, 0.07
SHARE_OF_SAMPLES, SHARE_OF_COLUMNS = 0.7, 0.3  # that a tree, and a split, may look at
START = "mean_log_cost"


@dataclass(frozen=True, slots=True)
class Boosted:
    """ln cost = start + what every tree adds."""

    start: float
    trees: Trees

    def costs(self, inputs: FloatArray) -> FloatArray:
        """(n,)."""
        found: FloatArray = np.exp(self.start + self.trees.sums(inputs))
        return found

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        return {START: np.array(self.start), **self.trees.as_arrays()}


@dataclass(frozen=True, slots=True)
class Boosting:
    """The regression."""

    def fit(self, inputs: FloatArray, costs: FloatArray, rng: np.random.Generator) -> Boosted:
        """Grow the trees; `rng` draws the samples and columns that each sees."""
        logs = np.log(costs)
        start = float(logs.mean())
        model = GradientBoostingRegressor(
            n_estimators=TREES,
            max_depth=DEPTH,
            learning_rate=LEARNING_RATE,
            subsample=SHARE_OF_SAMPLES if len(costs) * SHARE_OF_SAMPLES >= 1 else 1.0,
            max_features=SHARE_OF_COLUMNS,
            init="zero",
            random_state=int(rng.integers(2**31)),
        ).fit(inputs, logs - start)
        grown = [
            GrownTree(
                left=tree.children_left,
                right=tree.children_right,
                columns=tree.feature,
                thresholds=tree.threshold,
                values=LEARNING_RATE * tree.value[:, 0, 0],
            )
            for tree in (estimator.tree_ for estimator in model.estimators_[:, 0])
        ]
        return Boosted(start, filled_up(grown, DEPTH))

    def restored(self, arrays: Arrays, columns: int) -> Boosted:
        """What `as_arrays` gave. Raises DataError where it is damaged."""
        return Boosted(float(floats(arrays, START, ())), Trees.from_arrays(arrays, columns))


def boosting(genes: Genes, encoding: str) -> EncodedModel:
    """The predictor."""
    return EncodedModel(genes, ENCODINGS[encoding](genes), Boosting(), FOLDS)
