"""codesign/predict/new_board/performance.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.encodings.one_hot import one_hot
from codesign.predict.new_board.learning_to_optimise import LearntOptimiser
from codesign.predict.new_board.performance import fit_ensemble

from .conftest import MadeUp


def test_unlabelled_designs_are_predicted_within_a_few_per_cent(made_up: MadeUp) -> None:
    rng = np.random.default_rng(0)
    encoded, wanted = one_hot(made_up.genes).features(made_up.designs), np.log(made_up.latency_s[:2]).T
    fitted_on = rng.permutation(256) < 128
    ensemble = fit_ensemble(encoded[fitted_on], wanted[fitted_on], rng)
    off = ensemble(encoded[~fitted_on]) - wanted[~fitted_on]
    assert np.abs(off).mean() < 0.05
    assert 0.0 < ensemble.error < 0.1


def test_missing_labels_are_left_out_of_the_fit(made_up: MadeUp) -> None:
    encoded, wanted = one_hot(made_up.genes).features(made_up.designs), np.log(made_up.latency_s[:2]).T.copy()
    wanted[::3, 1] = np.nan
    ensemble = fit_ensemble(encoded, wanted, np.random.default_rng(0))
    assert np.abs(ensemble(encoded)[::3, 1] - np.log(made_up.latency_s[1, ::3])).mean() < 0.1


def test_the_slope_over_relaxed_designs_is_that_of_finite_differences(learnt: LearntOptimiser) -> None:
    ensemble = learnt.performance.costs
    rng = np.random.default_rng(0)
    relaxed, along = rng.uniform(size=(2, 16)), rng.normal(size=(2, 4))
    slope = ensemble.slope(relaxed, along)
    for place in np.ndindex(relaxed.shape):
        moved = np.zeros_like(relaxed)
        moved[place] = 1e-6
        difference = ((ensemble(relaxed + moved) - ensemble(relaxed - moved)) * along).sum() / 2e-6
        assert slope[place] == pytest.approx(difference, rel=1e-4, abs=1e-7)


def test_labelled_costs_are_looked_up(learnt: LearntOptimiser) -> None:
    performance = learnt.performance
    profiles, predicted = performance.profiles(performance.labelled.designs)
    assert not predicted.any()
    assert (profiles == performance.log_costs).all()


def test_predicted_designs_are_charged_the_networks_error(made_up: MadeUp, learnt: LearntOptimiser) -> None:
    performance = learnt.performance
    new = made_up.designs[performance.labelled.places(made_up.designs) < 0]
    mixture = np.array([[0.5, 0.5, 0.0, 0.0]])
    cost = performance.objectives(new, mixture, np.array([1.0]))[:, 0] + performance.accuracy_of(new)
    plain = np.exp(performance.profiles(new)[0] @ mixture[0])
    assert cost == pytest.approx(plain * np.exp(performance.costs.error))


def test_accuracies_are_known_or_predicted(made_up: MadeUp, learnt: LearntOptimiser) -> None:
    assert (learnt.performance.accuracy_of(made_up.designs) == made_up.accuracy).all()
    predicted = learnt.performance.accuracies(learnt.performance.encoding.features(made_up.designs))[:, 0]
    assert np.abs(predicted - made_up.accuracy).mean() < 0.02
