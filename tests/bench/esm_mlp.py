"""ESM's predictor as the benchmark of sampling strategies fits it: 3 × 64 on FCC, squared error of the cost itself.

The paper fits with Adam at a constant rate, which leaves each fit a few per cent of its own chance; that chance, not
the sampling, then decides when a bin passes. The same network is fitted here to the end, by L-BFGS with weight decay.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays, Fitted
from codesign.predict.encodings.encoding import Encoding
from codesign.predict.encodings.encodings import ENCODINGS
from runtime.contract.arrays import FloatArray, IntArray

HIDDEN, WEIGHT_DECAY, MOST_ITERATIONS = (64, 64, 64), 1.0, 300
SMALLEST = 1e-9  # a cost is above 0, a line need not be


@dataclass(frozen=True, slots=True)
class FittedEsmMlp:
    """With the scales of features and costs."""

    network: MLPRegressor
    encoding: Encoding
    centre: FloatArray
    scale: FloatArray
    mean: float
    spread: float

    def predict(self, designs: IntArray) -> Prediction:
        """Without intervals: they are not asked for here."""
        features = (self.encoding.features(designs) - self.centre) / self.scale
        found = np.maximum(self.network.predict(features) * self.spread + self.mean, SMALLEST)
        return Prediction(found, found, found, np.zeros(len(found), dtype=bool), 0.9, calibrated=False)

    def as_arrays(self) -> Arrays:
        """Nothing: it is never saved."""
        return {}


class EsmMlp:
    """Fits one."""

    def __init__(self, genes: Genes) -> None:
        self._encoding = ENCODINGS["fcc"](genes)

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> Fitted:
        """Squared error of the standardised cost."""
        features = self._encoding.features(designs)
        centre, scale = features.mean(axis=0), features.std(axis=0)
        scale[scale == 0.0] = 1.0
        network = MLPRegressor(
            hidden_layer_sizes=HIDDEN,
            solver="lbfgs",
            alpha=WEIGHT_DECAY,
            max_iter=MOST_ITERATIONS,
            random_state=int(rng.integers(2**31)),
        )
        mean, spread = float(costs.mean()), float(costs.std())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit((features - centre) / scale, (costs - mean) / spread)
        return FittedEsmMlp(network, self._encoding, centre, scale, mean, spread)

    def restored(self, arrays: Arrays) -> Fitted:
        """Never saved, never restored."""
        raise NotImplementedError
