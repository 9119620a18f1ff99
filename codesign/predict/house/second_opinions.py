"""Second opinions: plainer Gaussian processes, averaged in where they are as good as the house model's own surface.

Where costs are mostly noise, models that look at other features err differently, and their mean errs less than any.
Where the surface knows better, which samples left out in folds tell, it answers alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.metrics import mape
from codesign.predict.costs.predictor import Arrays
from codesign.predict.encodings import counts, layers, statistical
from codesign.predict.encodings.encoding import Encoding
from codesign.predict.encodings.encodings import ENCODINGS, encodings_for
from codesign.predict.models.folds import out_of_fold
from codesign.predict.models.gp import GaussianProcess
from codesign.predict.models.regression import FittedRegression
from codesign.predict.models.stored import positive
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

ASKED = (statistical.NAME, counts.FCC, layers.NAME)
SURFACE_SHARE = 0.5  # of the surface in the mean of logarithms; the others share the rest
MOST_WORSE = 1.08  # an opinion whose error out of fold is larger than this many times the surface's is not heard
FARTHEST = 10.0  # from the cheapest and the dearest sample, as a factor
NAMES, SCALE, LIMITS = "opinions", "scale", "limits"


@dataclass(frozen=True, slots=True)
class Opinion:
    """A regression on one encoding."""

    encoding: Encoding
    regression: FittedRegression
    scale: float  # what a cost of 1 in the regression is
    limits: tuple[float, float]  # least and greatest cost that is ever predicted

    def mean(self, designs: IntArray) -> FloatArray:
        """(n,), of designs, (n, genes), in the unit of the fit."""
        costs: FloatArray = np.clip(
            self.scale * self.regression.costs(self.encoding.features(designs)), self.limits[0], self.limits[1]
        )
        return costs


def blended(surface: FloatArray, opinions: Sequence[FloatArray]) -> FloatArray:
    """(n,): the surface's costs, and any number of other opinions of the same designs."""
    if not opinions:
        return surface
    others = np.mean([np.log(opinion) for opinion in opinions], axis=0)
    mean: FloatArray = np.exp(SURFACE_SHARE * np.log(surface) + (1.0 - SURFACE_SHARE) * others)
    return mean


def opinions_worth_hearing(
    genes: Genes, designs: IntArray, costs: FloatArray, surface: FloatArray, folds: IntArray, rng: np.random.Generator
) -> tuple[tuple[Opinion, ...], FloatArray]:
    """Fit those that are about as good as the surface; none where averaging them in is no better out of fold.

    Args:
        designs, costs: (n, genes) and (n,), the samples.
        surface: (n,), what the surface says of each sample without its fold.
        folds: (n,), of each sample, from 0.
    Returns:
        The opinions, and what all together say of each sample without its fold, (n,).
    """
    scale = float(np.exp(np.log(costs).mean()))
    limits = float(costs.min() / FARTHEST), float(costs.max() * FARTHEST)
    allowed, regression = MOST_WORSE * mape(costs, surface), GaussianProcess()
    heard: list[tuple[Encoding, FloatArray]] = []
    told: list[FloatArray] = []
    for name in (name for name in ASKED if name in encodings_for(genes)):
        encoding = ENCODINGS[name](genes)
        inputs = encoding.features(designs)
        unseen = np.clip(scale * out_of_fold(regression, inputs, costs / scale, folds, rng), *limits)
        if mape(costs, unseen) <= allowed:
            heard.append((encoding, inputs))
            told.append(unseen)
    together = blended(surface, told)
    if not heard or mape(costs, together) >= mape(costs, surface):
        return (), surface
    fitted = [Opinion(code, regression.fit(inputs, costs / scale, rng), scale, limits) for code, inputs in heard]
    return tuple(fitted), together


def as_arrays(opinions: Sequence[Opinion]) -> dict[str, npt.NDArray[Any]]:
    """For a file."""
    arrays: dict[str, npt.NDArray[Any]] = {
        NAMES: np.array([opinion.encoding.name for opinion in opinions], dtype=np.str_)
    }
    for opinion in opinions:
        own = {SCALE: np.array(opinion.scale), LIMITS: np.array(opinion.limits), **opinion.regression.as_arrays()}
        arrays |= {f"{opinion.encoding.name}.{name}": array for name, array in own.items()}
    return arrays


def from_arrays(genes: Genes, arrays: Arrays) -> tuple[Opinion, ...]:
    """What `as_arrays` gave. Raises DataError where an array is missing or of another space."""
    names = arrays.get(NAMES)
    if names is None or names.ndim != 1 or names.dtype.kind != "U":
        raise DataError(f"`{NAMES}` is missing or damaged", to_do="fit the predictor again")
    return tuple(_restored(genes, str(name), arrays) for name in names)


def _restored(genes: Genes, name: str, arrays: Arrays) -> Opinion:
    if name not in encodings_for(genes):
        raise DataError(f"these genes have no encoding {name!r}", to_do="fit the predictor again")
    encoding = ENCODINGS[name](genes)
    own = {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
    least, greatest = positive(own, LIMITS, (2,)).tolist()
    regression = GaussianProcess().restored(own, len(encoding.columns))
    return Opinion(encoding, regression, float(positive(own, SCALE, ())), (least, greatest))
