"""Fits the house model's cost surface on samples of one board.

The prior is a sum of kernels: linear ones over groups of columns, which is the additive part, and squared-exponential
ones over counts and layer shapes, which is the residual. Marginal likelihood on the samples alone decides how much each
counts (METHODS, section 3); then all samples are fitted for the least relative error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray

from .cost_surface import CostSurface
from .design_features import DesignFeatures, design_features
from .evidence import LEVEL_VARIANCE, Variances, variances
from .least_error import least_error
from .linear_groups import LinearGroup, linear_groups
from .smooth_part import LENGTHS, SmoothPart

TUNED_ON = 256  # samples, at most
LANDMARKS = 128  # at most
RARE = 0.1  # of the median: noise is no smaller in proportion below it, or one failed run would be taken at its word
LOW = 0.5  # a cost under this share of what it was estimated to be is no measure of its own noise
LOWEST = 0.5  # of the least cost: no prediction is lower
SINGULAR = 1e-10  # directions of a covariance with a smaller share of the largest variance are dropped


@dataclass(frozen=True, slots=True)
class SurfaceFit:
    """A cost surface, and what it would have said of each sample without it, had the prior been the same."""

    surface: CostSurface
    left_out: FloatArray  # (n,)


@dataclass(frozen=True, slots=True)
class _Model:
    """The terms in which the samples are modelled; costs have mean 1."""

    features: DesignFeatures
    centre: FloatArray  # (columns,)
    groups: list[LinearGroup]
    smooth: tuple[SmoothPart, ...]
    level: float
    spread: float

    def linear(self, columns: FloatArray) -> list[FloatArray]:
        """Per group (n, features)."""
        centred = columns - self.centre
        return [group.features(centred) for group in self.groups]

    def kernels(self, columns: FloatArray) -> list[FloatArray]:
        """Per part and length (n, landmarks)."""
        dense = columns[:, self.features.dense_columns]
        return [kernel for part in self.smooth for kernel in part.kernels(dense)]


def fitted_surface(genes: Genes, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> SurfaceFit:
    """Fit.

    Args:
        genes: with the values of the designs.
        designs: (n, genes), canonical, all different, at least 2.
        costs: (n,), above 0.
        rng: draws the samples that variances are tuned on and the landmarks, where there are many.
    """
    unit = float(costs.mean())
    features, relative = design_features(genes), costs / unit
    columns = features.all(designs)
    floor = RARE * float(np.median(relative))
    noise = np.maximum(relative, floor) ** 2
    order = rng.permutation(len(costs))
    tuning, landmarks = order[:TUNED_ON], order[:LANDMARKS]
    model = _model(features, columns, relative, noise, landmarks, tuning)
    tuned = _tuned(model, columns[tuning], relative[tuning], noise[tuning])
    basis, root = _basis(model, tuned, columns, landmarks)
    fit = least_error(basis, relative, tuned.noise * noise, model.level, model.spread)
    scale, lowest = unit * model.spread, LOWEST * float(costs.min())
    of_columns, at = np.zeros(features.columns), 1
    for group, variance in zip(model.groups, tuned.kernels, strict=False):
        wide = group.mix.shape[1]
        of_columns[group.columns] += scale * np.sqrt(variance) * group.mix @ fit.weights[at : at + wide]
        at += wide
    surface = CostSurface(
        features=features,
        smooth=model.smooth,
        variances=tuned.kernels[len(model.groups) :].reshape(len(model.smooth), LENGTHS),
        constant=unit * model.level
        + scale * np.sqrt(LEVEL_VARIANCE) * float(fit.weights[0])
        - model.centre @ of_columns,
        weights=of_columns,
        pulls=scale * root @ fit.weights[at:],
        lowest=lowest,
    )
    return SurfaceFit(surface, np.maximum(unit * fit.predictions, lowest))


def _model(
    features: DesignFeatures,
    columns: FloatArray,
    costs: FloatArray,
    noise: FloatArray,
    landmarks: IntArray,
    tuning: IntArray,
) -> _Model:
    centre = columns.mean(axis=0)
    dense = columns[:, features.dense_columns]
    return _Model(
        features,
        centre,
        linear_groups(features, columns - centre),
        tuple(SmoothPart.around(part, dense, dense[landmarks]) for part in features.dense_parts),
        level=float(np.average(costs[tuning], weights=1.0 / noise[tuning])),
        spread=float(costs[tuning].std()) or 1.0,
    )


def _tuned(model: _Model, columns: FloatArray, costs: FloatArray, noise: FloatArray) -> Variances:
    """Variances of the groups, then of parts and lengths, and of the noise."""
    dense = columns[:, model.features.dense_columns]
    kernels: list[FloatArray] = [features @ features.T for features in model.linear(columns)]
    for part in model.smooth:
        kernels += part.moved_to(dense).kernels(dense)

    def noise_at(values: FloatArray) -> FloatArray:
        proportion: FloatArray = np.maximum(costs, LOW * (model.level + model.spread * values)) ** 2
        return proportion

    return variances(kernels, (costs - model.level) / model.spread, noise, noise_at)


def _basis(model: _Model, tuned: Variances, columns: FloatArray, landmarks: IntArray) -> tuple[FloatArray, FloatArray]:
    """(n, features) whose weights have prior variance 1: the constant, the groups', the smooth functions'.

    The second answer, (landmarks, its features), makes the last of them from smooth covariances with the landmarks.
    """
    linear = [
        features * np.sqrt(variance) for features, variance in zip(model.linear(columns), tuned.kernels, strict=False)
    ]
    smooth = np.tensordot(tuned.kernels[len(model.groups) :], np.stack(model.kernels(columns)), 1)
    values, vectors = np.linalg.eigh(smooth[landmarks])
    kept = values > SINGULAR * values[-1]
    root = vectors[:, kept] / np.sqrt(values[kept])
    constant = np.full((len(columns), 1), np.sqrt(LEVEL_VARIANCE))
    return np.concatenate([constant, *linear, smooth @ root], axis=1), root
