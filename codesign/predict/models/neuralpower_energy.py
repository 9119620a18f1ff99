"""NeuralPower's energy: the power that one model predicts times the time that another one does.

E = sum of P · T over layers (Cai et al., ACML 2017). From whole networks only the sum of energies is known and with it
the mean power E / T, which is fitted by the same polynomial of the layers' shapes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.conformal import Conformal, conformal
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

from .encoded_model import EncodedModel, FittedModel
from .folds import folds_of, out_of_fold
from .neuralpower import neural_power
from .samples import distinct_networks

FOLDS = 5
TIME, POWER, ENERGY = "time.", "power.", "energy."


@dataclass(frozen=True, slots=True)
class FittedTimeAndPower:
    """Predicts energy [J]; its parts predict latency [s] and power [W]."""

    time: FittedModel
    power: FittedModel
    intervals: Conformal

    def predict(self, designs: IntArray) -> Prediction:
        """Energies of designs, (n, genes)."""
        mean = self.time.predict(designs).mean * self.power.predict(designs).mean
        return self.intervals.prediction(mean, self.time.seen.beyond(designs))

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        parts = ((TIME, self.time), (POWER, self.power), (ENERGY, self.intervals))
        return {f"{prefix}{name}": array for prefix, part in parts for name, array in part.as_arrays().items()}


@dataclass(frozen=True, slots=True)
class TimeAndPower:
    """Fits both, where designs have a latency and an energy."""

    genes: Genes
    model: EncodedModel

    def fit(
        self, designs: IntArray, latency_s: FloatArray, energy_j: FloatArray, rng: np.random.Generator
    ) -> FittedTimeAndPower:
        """Fit on designs, (n, genes), and what each takes, (n,) each.

        Raises:
            ShapeError: not as many latencies and energies as designs.
            DataError: one that is not finite or not above 0, or fewer than 2 designs that differ.
        """
        if latency_s.shape != energy_j.shape:
            raise ShapeError(
                f"{latency_s.shape} latencies but {energy_j.shape} energies", to_do="measure both of each design"
            )
        networks = distinct_networks(self.genes, designs, latency_s)
        distinct_networks(self.genes, designs, energy_j)
        power_w = energy_j / latency_s
        time, power = self.model.fit(designs, latency_s, rng), self.model.fit(designs, power_w, rng)
        inputs, folds = self.model.encoding.features(designs), folds_of(networks, FOLDS, rng)
        unseen_j: FloatArray = np.ones(len(energy_j))
        for part, costs in ((time, latency_s), (power, power_w)):
            unseen = out_of_fold(self.model.regression, inputs, costs / part.scale, folds, rng)
            unseen_j *= part.scale * np.clip(unseen, *part.limits)
        return FittedTimeAndPower(
            time=time,
            power=power,
            intervals=conformal(np.log(energy_j / unseen_j), np.log(energy_j)),
        )

    def restored(self, arrays: Arrays) -> FittedTimeAndPower:
        """What `as_arrays` gave. Raises DataError where an array is missing or of another shape."""
        return FittedTimeAndPower(
            time=self.model.restored(_part(arrays, TIME)),
            power=self.model.restored(_part(arrays, POWER)),
            intervals=Conformal.from_arrays(_part(arrays, ENERGY)),
        )


def neural_power_energy(genes: Genes) -> TimeAndPower:
    """The predictor of energy. Raises ConfigError where the layers are not known."""
    return TimeAndPower(genes, neural_power(genes))


def _part(arrays: Arrays, prefix: str) -> Mapping[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
