"""NeuralPower: a sparse polynomial of each layer's shape, and of the work that follows from it, fitted by lasso.

Cai et al. (ACML 2017; equation 2 of Marculescu, Stamoulis, Cai: "Hardware-aware machine learning", ICCAD 2018): for
every kind of layer a polynomial of degree two of its shape, beside special terms for operations and memory accesses.
Its authors time layer by layer; from whole networks the same coefficients follow, since the terms of layers add up as
their costs do. How strong the lasso is says cross-validation on the samples.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lasso_path

from codesign.predict.costs.genes import Genes
from codesign.predict.costs.layer_works import LayerWorks
from codesign.predict.costs.predictor import Arrays
from runtime.contract.arrays import FloatArray

from .encoded_model import EncodedModel
from .folds import folds_of
from .layer_sums import MILLION, layer_sums
from .least_squares import LinearCosts
from .relative_errors import RelativeErrors, importance

NAME = "neuralpower"
FOLDS, INNER_FOLDS = 5, 5
STRENGTHS = np.logspace(0, -4, 25)  # of the lasso that leaves nothing
ROUNDS, TOLERANCE = 300, 1e-4


def neural_power(genes: Genes) -> EncodedModel:
    """The predictor. Raises ConfigError where the layers are not known."""
    return EncodedModel(genes, layer_sums(genes, polynomial_terms), Lasso(), FOLDS)


def polynomial_terms(works: LayerWorks) -> dict[str, FloatArray]:
    """(n,) each: for every kind of layer the sums over its layers of runs, shapes, their products, and work."""
    terms: dict[str, FloatArray] = {}
    for kind in sorted(set(works.kinds)):
        layers = np.flatnonzero([of == kind for of in works.kinds])
        runs = works.times[:, layers].astype(np.float64)
        shapes = {
            "inputs": works.input_values[:, layers] / MILLION,
            "outputs": works.output_values[:, layers] / MILLION,
            "weights": works.weights[:, layers] / MILLION,
        }
        of_run = {name: summed / np.maximum(runs, 1.0) for name, summed in shapes.items()}
        sums = {name: summed.sum(axis=1) for name, summed in shapes.items()}
        terms |= {f"{kind}: {name}": values for name, values in {"runs": runs.sum(axis=1), **sums}.items()}
        for one, other in combinations_with_replacement(shapes, 2):
            terms[f"{kind}: {one} x {other}"] = np.einsum("nl,nl->n", shapes[one], of_run[other])
        terms[f"{kind}: macs"] = works.macs[:, layers].sum(axis=1) / MILLION
        terms[f"{kind}: accesses"] = sum(sums.values(), np.zeros(len(runs)))
    return terms


@dataclass(frozen=True, slots=True)
class Lasso:
    """The regression, of relative errors."""

    def fit(self, inputs: FloatArray, costs: FloatArray, rng: np.random.Generator) -> LinearCosts:
        """Fit; `rng` draws the folds that choose the strength."""
        if len(costs) < INNER_FOLDS:  # too few to choose by: only the constant
            return LinearCosts(_path(inputs, costs)[:, 0])
        folds = folds_of(np.arange(len(costs)), INNER_FOLDS, rng)
        weights, squares = importance(costs), np.zeros(len(STRENGTHS))
        for fold in range(int(folds.max()) + 1):
            held_out = folds == fold
            path = _path(inputs[~held_out], costs[~held_out])
            predicted = path[0] + inputs[held_out] @ path[1:]
            squares += (((predicted - costs[held_out, None]) * weights[held_out, None]) ** 2).sum(axis=0)
        return LinearCosts(_path(inputs, costs)[:, int(np.argmin(squares))])

    def restored(self, arrays: Arrays, columns: int) -> LinearCosts:
        """What `as_arrays` gave. Raises DataError where it is damaged."""
        return LinearCosts.from_arrays(arrays, columns)


def _path(inputs: FloatArray, costs: FloatArray) -> FloatArray:
    """(1 + columns, strengths): constant and weights of the lasso of each strength."""
    problem = RelativeErrors.of(inputs, costs)
    solution = np.zeros((problem.rows.shape[1], len(STRENGTHS)))
    strongest = float(np.abs(problem.rows.T @ problem.target).max(initial=0.0)) / len(costs)
    if strongest > 0.0:
        with warnings.catch_warnings():
            # Sums over layers are nearly collinear, where the last digits of a lasso take for ever and change nothing.
            warnings.simplefilter("ignore", ConvergenceWarning)
            solution = lasso_path(
                problem.rows,
                problem.target,
                alphas=strongest * STRENGTHS,
                precompute=True,
                max_iter=ROUNDS,
                tol=TOLERANCE,
            )[1]
    return problem.line(solution)
