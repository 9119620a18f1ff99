"""Tests of the fit of a cost surface."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.house.surface_fit import LANDMARKS, TUNED_ON, fitted_surface

from .spaces import costs_of, designs_of, unit_genes

GENES = unit_genes()


def test_a_surface_knows_blocks_that_cost_more_at_a_higher_resolution() -> None:
    rng = np.random.default_rng(0)
    designs, unseen = designs_of(GENES, 100, rng), designs_of(GENES, 500, rng)
    surface = fitted_surface(GENES, designs, costs_of(GENES, designs), rng).surface
    assert np.abs(surface.mean(unseen) / costs_of(GENES, unseen) - 1).mean() < 0.01


def test_more_samples_than_landmarks_are_all_fitted() -> None:
    rng = np.random.default_rng(0)
    designs, unseen = designs_of(GENES, 600, rng), designs_of(GENES, 500, rng)
    designs = np.unique(designs, axis=0)
    assert len(designs) > TUNED_ON > LANDMARKS
    fit = fitted_surface(GENES, designs, costs_of(GENES, designs), rng)
    assert len(fit.left_out) == len(designs)
    assert np.abs(fit.left_out / costs_of(GENES, designs) - 1).mean() < 0.005
    assert np.abs(fit.surface.mean(unseen) / costs_of(GENES, unseen) - 1).mean() < 0.005
    assert len(fit.surface.pulls) == LANDMARKS


def test_a_few_runs_that_took_three_times_as_long_do_no_great_harm() -> None:
    rng = np.random.default_rng(1)
    designs, unseen = designs_of(GENES, 100, rng), designs_of(GENES, 500, rng)
    costs = costs_of(GENES, designs)
    costs[:5] *= 3.0
    surface = fitted_surface(GENES, designs, costs, rng).surface
    assert np.abs(surface.mean(unseen) / costs_of(GENES, unseen) - 1).mean() < 0.09


@pytest.mark.parametrize("count", [2, 3, 5])
def test_a_handful_of_samples_gives_costs_near_theirs(count: int) -> None:
    rng = np.random.default_rng(0)
    designs = designs_of(GENES, count, rng)
    costs = costs_of(GENES, designs)
    mean = fitted_surface(GENES, designs, costs, rng).surface.mean(designs_of(GENES, 50, rng))
    assert (mean >= 0.5 * costs.min()).all()
    assert (mean < 5 * costs.max()).all()
