"""Weighs the hypotheses about a new board by their evidence on its samples, and reduces them to a linear posterior."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from runtime.contract.arrays import FloatArray

from .basis import Basis
from .evidence import LEVEL_VARIANCE, covariance, posterior, tuned
from .groups import OF_ENCODINGS, Group, Hypothesis, constant_loading
from .linear_posterior import LinearPosterior

SAMPLES_TO_TUNE_ON = 150
MOST_HYPOTHESES = 8  # that speak in the end
LEAST_ODDS = 0.01  # of the likeliest
MOST_DIRECTIONS = 128  # of what samples taught about the weights; leaving out the rest only widens intervals a little


@dataclass(frozen=True, slots=True)
class Blend:
    """The posterior, and what it says of each sample from the others (the variances of groups have seen them all)."""

    posterior: LinearPosterior
    left_out: FloatArray  # (samples,): values minus predictions
    left_out_deviation: FloatArray  # (samples,): how uncertain these said they were


@dataclass(frozen=True, slots=True)
class _Fit:
    hypothesis: Hypothesis
    log_variances: FloatArray
    log_odds: float


def blend(
    basis: Basis, known: Sequence[Hypothesis], features: FloatArray, values: FloatArray, rng: np.random.Generator
) -> Blend:
    """Fit on features, (samples, columns), and values, (samples,), with mean 0 and variance 1."""
    fits = _likeliest(known, features, values, rng)
    odds = np.exp(np.array([fit.log_odds for fit in fits]) - fits[0].log_odds)
    odds /= odds.sum()
    kernels = _kernels([fit.hypothesis for fit in fits], features)
    posteriors = [
        posterior(fit.log_variances, [kernels[group] for group in fit.hypothesis.groups], values) for fit in fits
    ]
    weights = np.stack(
        [_prior_times(basis, fit, features.T @ of.pull) for fit, of in zip(fits, posteriors, strict=True)], axis=1
    )
    left_out = np.stack([of.left_out for of in posteriors], axis=1)
    blended = left_out @ odds
    disagreement = ((left_out - blended[:, None]) ** 2) @ odds
    first, groups = fits[0], fits[0].hypothesis.groups
    shared = [
        np.exp(0.5 * variance) * group.loadings
        for group, variance in zip(groups, first.log_variances[:-1], strict=True)
        if group.name not in OF_ENCODINGS
    ]
    own = sum(
        np.exp(variance) * (group.loadings**2).sum(axis=1)
        for group, variance in zip(groups, first.log_variances[:-1], strict=True)
        if group.name in OF_ENCODINGS
    )
    return Blend(
        LinearPosterior(
            weights,
            odds,
            own + np.zeros(len(basis.scale)),
            np.concatenate([*shared, np.sqrt(LEVEL_VARIANCE) * constant_loading(basis)], axis=1),
            _learnt(basis, first, features, covariance(first.log_variances, [kernels[group] for group in groups])),
            np.exp(first.log_variances[-1:]),
        ),
        blended,
        np.sqrt(posteriors[0].left_out_variance + disagreement),
    )


def _likeliest(
    known: Sequence[Hypothesis], features: FloatArray, values: FloatArray, rng: np.random.Generator
) -> list[_Fit]:
    """Each hypothesis with its most probable variances, likeliest first; those that hardly count are left out."""
    some = np.sort(rng.permutation(len(values))[:SAMPLES_TO_TUNE_ON])
    kernels = _kernels(known, features[some])
    fits = []
    for hypothesis in known:
        own = [kernels[group] for group in hypothesis.groups]
        log_variances, log_evidence = tuned(own, values[some], hypothesis.typical)
        fits.append(_Fit(hypothesis, log_variances, log_evidence + hypothesis.log_odds))
    fits.sort(key=lambda fit: -fit.log_odds)
    return [fit for fit in fits[:MOST_HYPOTHESES] if fit.log_odds > fits[0].log_odds + np.log(LEAST_ODDS)]


def _kernels(known: Sequence[Hypothesis], features: FloatArray) -> dict[Group, FloatArray]:
    coordinates = {group: features @ group.loadings for hypothesis in known for group in hypothesis.groups}
    return {group: of_group @ of_group.T for group, of_group in coordinates.items()}


def _prior_times(basis: Basis, fit: _Fit, vectors: FloatArray) -> FloatArray:
    """(columns, ...): the prior covariance of the columns' weights times vectors, (columns, ...)."""
    constant = constant_loading(basis)
    total: FloatArray = LEVEL_VARIANCE * constant @ (constant.T @ vectors)
    for group, log_variance in zip(fit.hypothesis.groups, fit.log_variances[:-1], strict=True):
        total = total + np.exp(log_variance) * group.loadings @ (group.loadings.T @ vectors)
    return total


def _learnt(basis: Basis, fit: _Fit, features: FloatArray, total: FloatArray) -> FloatArray:
    """(columns, directions): what samples took away from the prior covariance, its greatest directions."""
    crossed = _prior_times(basis, fit, features.T)  # (columns, samples)
    taken: FloatArray = solve_triangular(cholesky(total, lower=True), crossed.T, lower=True).T
    if taken.shape[1] <= MOST_DIRECTIONS:
        return taken
    directions, sizes, _ = np.linalg.svd(taken, full_matrices=False)
    greatest: FloatArray = directions[:, :MOST_DIRECTIONS] * sizes[:MOST_DIRECTIONS]
    return greatest
