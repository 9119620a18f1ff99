"""ESM's predictor: a perceptron with three hidden layers of 64, trained by Adam on the mean squared error.

ESM (section III-A): learning rate 0.01 and a little weight decay. Inputs are standardised, and what is learnt is the
logarithm of costs, standardised too. Training takes about as many steps however many samples there are, the last third
of them at a tenth of the rate: a constant one leaves it to chance how well the last steps turn out.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Arrays
from codesign.predict.encodings.encodings import ENCODINGS
from runtime.contract.arrays import FloatArray

from .encoded_model import EncodedModel
from .relative_errors import SAME
from .stored import floats

NAME = "mlp"
FOLDS = 5
HIDDEN = (64, 64, 64)
LEARNING_RATES, SHARES = (0.01, 0.001), (2 / 3, 1 / 3)  # of the steps
WEIGHT_DECAY = 0.03
STEPS, BATCH = 500, 64
MOST = 50.0  # of |ln cost|, where the geometric mean is 1


@dataclass(frozen=True, slots=True)
class Network:
    """Layers of single precision; ReLU between them."""

    weights: tuple[FloatArray, ...]  # (into, out) each
    biases: tuple[FloatArray, ...]  # (out,) each

    def costs(self, inputs: FloatArray) -> FloatArray:
        """(n,)."""
        values = inputs.astype(np.float32)
        for weights, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            values = np.maximum(values @ weights + bias, 0.0)
        logs = (values @ self.weights[-1] + self.biases[-1])[:, 0].astype(np.float64)
        return np.exp(np.clip(logs, -MOST, MOST))

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        layers = range(len(self.weights))
        return {f"weights_{layer}": self.weights[layer] for layer in layers} | {
            f"bias_{layer}": self.biases[layer] for layer in layers
        }


@dataclass(frozen=True, slots=True)
class Perceptron:
    """The regression."""

    steps: int = STEPS
    decay: float = WEIGHT_DECAY

    def fit(self, inputs: FloatArray, costs: FloatArray, rng: np.random.Generator) -> Network:
        """Train; `rng` draws the first weights and the batches."""
        centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
        spread = np.where(spread > SAME * np.abs(centre), spread, np.inf)  # what never differed has no say
        logs = np.log(costs)
        level, deviation = logs.mean(), max(float(logs.std()), 1e-12)
        batch = min(BATCH, len(costs))
        model = MLPRegressor(
            hidden_layer_sizes=HIDDEN,
            alpha=self.decay * batch,  # scikit-learn divides it by the batch
            batch_size=batch,
            n_iter_no_change=self.steps,
            warm_start=True,
            random_state=int(rng.integers(2**31)),
        )
        rounds = max(1, self.steps * batch // len(costs))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it stops when it was told to
            warnings.filterwarnings("error", message="Training interrupted by user", category=UserWarning)
            for rate, share in zip(LEARNING_RATES, SHARES, strict=True):
                model.set_params(learning_rate_init=rate, max_iter=math.ceil(share * rounds))
                try:
                    model.fit(
                        ((inputs - centre) / spread).astype(np.float32), ((logs - level) / deviation).astype(np.float32)
                    )
                except UserWarning as warning:  # scikit-learn swallows Ctrl-C, and would go on with half a network
                    raise KeyboardInterrupt from warning
        return raw_network(model.coefs_, model.intercepts_, (centre, spread), (level, deviation))

    def restored(self, arrays: Arrays, columns: int) -> Network:
        """What `as_arrays` gave. Raises DataError where it is damaged."""
        widths = (columns, *HIDDEN, 1)
        shapes = list(pairwise(widths))
        return Network(
            tuple(floats(arrays, f"weights_{layer}", shape) for layer, shape in enumerate(shapes)),
            tuple(floats(arrays, f"bias_{layer}", shape[1:]) for layer, shape in enumerate(shapes)),
        )


def mlp(genes: Genes, encoding: str) -> EncodedModel:
    """The predictor."""
    return EncodedModel(genes, ENCODINGS[encoding](genes), Perceptron(), FOLDS)


def raw_network(
    weights: list[FloatArray],
    biases: list[FloatArray],
    inputs: tuple[FloatArray, FloatArray],
    outputs: tuple[float, float],
) -> Network:
    """The network for inputs as they come and for ln cost: standardising goes into the first layer and the last."""
    all_weights = [layer.astype(np.float64) for layer in weights]
    all_biases = [bias.astype(np.float64) for bias in biases]
    all_weights[0] = all_weights[0] / inputs[1][:, None]
    all_biases[0] = all_biases[0] - inputs[0] @ all_weights[0]
    all_weights[-1] = all_weights[-1] * outputs[1]
    all_biases[-1] = all_biases[-1] * outputs[1] + outputs[0]
    return Network(
        tuple(layer.astype(np.float32) for layer in all_weights), tuple(bias.astype(np.float32) for bias in all_biases)
    )
