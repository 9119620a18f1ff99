"""A Gaussian process: costs linear in the inputs, plus a smooth function of them, plus noise in proportion to the cost.

Variances and the length scale have the greatest marginal likelihood (Rasmussen, Williams: "Gaussian Processes for
Machine Learning", 2006, equation 5.8) under broad priors. With many samples the smooth part is spanned by some of them
(the Nyström method, ibid., section 8.1), so that predicting takes the same time however many there were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Arrays
from codesign.predict.encodings.encodings import ENCODINGS
from runtime.contract.arrays import FloatArray

from .encoded_model import EncodedModel
from .least_squares import LinearCosts
from .relative_errors import SAME, importance
from .stored import floats

NAME = "gp"
FOLDS = 5
CENTRES, TUNED_ON = 300, 200  # samples
PRIOR = np.log([0.1, 0.05, 1.0, 0.03])  # deviations of the linear part and of the smooth one, its length, the noise
PRIOR_DEVIATION, FARTHEST = 1.5, 3.0  # in logarithms
CONSTANT = 3.0  # deviation of the constant, of costs around 1
JITTER = 1e-8
SHIFT, STRETCH, MIDDLES, HEIGHTS = "input_shift", "input_stretch", "centres", "centre_weights"


@dataclass(frozen=True, slots=True)
class SmoothCosts:
    """cost = a line + sum over centres of height · exp(-half the squared distance)."""

    line: LinearCosts
    shift: FloatArray  # (columns,)
    stretch: FloatArray  # (columns,): 0 where an input never differed
    centres: FloatArray  # (centres, columns), shifted and stretched
    heights: FloatArray  # (centres,)

    def costs(self, inputs: FloatArray) -> FloatArray:
        """(n,)."""
        bumps = _bumps((inputs - self.shift) * self.stretch, self.centres)
        found: FloatArray = self.line.costs(inputs) + bumps @ self.heights
        return found

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        own = {SHIFT: self.shift, STRETCH: self.stretch, MIDDLES: self.centres, HEIGHTS: self.heights}
        return {**self.line.as_arrays(), **own}


@dataclass(frozen=True, slots=True)
class GaussianProcess:
    """The regression."""

    def fit(self, inputs: FloatArray, costs: FloatArray, rng: np.random.Generator) -> SmoothCosts:
        """Fit; `rng` draws the samples that the variances are tuned on and those that span the smooth part."""
        shift, spread = inputs.mean(axis=0), inputs.std(axis=0)
        differs = spread > SAME * np.abs(shift)
        # Divided by the root of their number: two designs are then about one apart, however many inputs there are.
        stretch = np.where(differs, 1.0 / np.where(differs, spread, 1.0), 0.0) / np.sqrt(max(differs.sum(), 1))
        scaled = (inputs - shift) * stretch
        order = rng.permutation(len(costs))
        linear, smooth, length, noise = _tuned(scaled[order[:TUNED_ON]], costs[order[:TUNED_ON]])
        centres = scaled[order[:CENTRES]] / length
        lower = cholesky(_bumps(centres, centres) + JITTER * np.eye(len(centres)), lower=True)
        spanned = solve_triangular(lower, _bumps(scaled / length, centres).T, lower=True).T
        rows = np.column_stack([np.full(len(costs), CONSTANT), linear * scaled, smooth * spanned])
        precision = importance(costs) / noise
        relative = rows * precision[:, None]
        weights = cho_solve(cho_factor(relative.T @ relative + np.eye(rows.shape[1])), relative.T @ (precision * costs))
        along = linear * stretch * weights[1 : 1 + inputs.shape[1]]
        return SmoothCosts(
            line=LinearCosts(np.array([CONSTANT * weights[0] - shift @ along, *along])),
            shift=shift,
            stretch=stretch / length,
            centres=centres,
            heights=smooth * solve_triangular(lower.T, weights[1 + inputs.shape[1] :], lower=False),
        )

    def restored(self, arrays: Arrays, columns: int) -> SmoothCosts:
        """What `as_arrays` gave. Raises DataError where it is damaged."""
        heights = floats(arrays, HEIGHTS, (None,))
        return SmoothCosts(
            line=LinearCosts.from_arrays(arrays, columns),
            shift=floats(arrays, SHIFT, (columns,)),
            stretch=floats(arrays, STRETCH, (columns,)),
            centres=floats(arrays, MIDDLES, (len(heights), columns)),
            heights=heights,
        )


def gp(genes: Genes, encoding: str) -> EncodedModel:
    """The predictor."""
    return EncodedModel(genes, ENCODINGS[encoding](genes), GaussianProcess(), FOLDS)


def _tuned(scaled: FloatArray, costs: FloatArray) -> tuple[float, float, float, float]:
    """Deviations of the linear part, of the smooth part, its length scale, and the noise relative to the cost."""
    products, distances = scaled @ scaled.T, _squared_distances(scaled, scaled)
    noises = 1.0 / importance(costs)

    def surprise(logs: FloatArray) -> float:
        linear, smooth, length, noise = np.exp(logs)
        covariance = CONSTANT**2 + linear**2 * products + smooth**2 * np.exp(-0.5 * distances / length**2)
        lower = cholesky(covariance + np.diag((noise * noises) ** 2), lower=True)
        whitened = solve_triangular(lower, costs, lower=True)
        fit = 0.5 * whitened @ whitened + np.log(np.diag(lower)).sum()
        return float(fit + 0.5 * (((logs - PRIOR) / PRIOR_DEVIATION) ** 2).sum())

    bounds = [(at - FARTHEST, at + FARTHEST) for at in PRIOR]
    found = minimize(surprise, PRIOR, method="L-BFGS-B", bounds=bounds, options={"maxiter": 25, "ftol": 1e-5})
    linear, smooth, length, noise = np.exp(found.x).tolist()
    return linear, smooth, length, noise


def _bumps(scaled: FloatArray, centres: FloatArray) -> FloatArray:
    """(n, centres)."""
    found: FloatArray = np.exp(-0.5 * _squared_distances(scaled, centres))
    return found


def _squared_distances(some: FloatArray, others: FloatArray) -> FloatArray:
    """(some, others)."""
    squares = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2.0 * some @ others.T
    found: FloatArray = np.maximum(squares, 0.0)
    return found
