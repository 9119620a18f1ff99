"""codesign/predict/new_board/optimiser_network.py"""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from codesign.predict.new_board.learning_to_optimise import LearntOptimiser
from codesign.predict.new_board.optimiser_network import (
    Situations,
    likeliest_designs,
    objective_slope,
    train_by_imitation,
    train_through_predictors,
)
from codesign.predict.new_board.performance import Performance
from runtime.contract.arrays import FloatArray


def test_the_beam_holds_the_likeliest_designs_in_order() -> None:
    values = ((1, 3), (0, 1, 2), (5, 7))
    logits = np.random.default_rng(0).normal(size=(2, 7))
    found = likeliest_designs(logits, values, 5).reshape(2, 5, 3)
    for row, designs in zip(logits, found, strict=True):
        score = {
            (values[0][a], values[1][b], values[2][c]): row[a] + row[2 + b] + row[5 + c]
            for a, b, c in product(range(2), range(3), range(2))
        }
        assert [tuple(one) for one in designs.tolist()] == sorted(score, key=lambda one: -score[one])[:5]


def test_a_beam_wider_than_the_space_holds_all_of_it() -> None:
    assert len(likeliest_designs(np.zeros((1, 4)), ((0, 1), (0, 1)), 100)) == 4


def relaxed_objective(performance: Performance, relaxed: FloatArray, mixture: FloatArray, weight: float) -> float:
    cost = np.exp((performance.costs(relaxed) * mixture).sum(axis=1))
    return float((weight * cost - performance.accuracies(relaxed)[:, 0]).sum())


def test_the_slope_of_the_objective_is_that_of_finite_differences(learnt: LearntOptimiser) -> None:
    rng = np.random.default_rng(1)
    relaxed, mixture = rng.uniform(size=(1, 16)), np.array([[0.1, 0.2, 0.3, 0.4]])
    slope = objective_slope(learnt.performance, relaxed, mixture, np.array([0.3]))
    for place in np.ndindex(relaxed.shape):
        moved = np.zeros_like(relaxed)
        moved[place] = 1e-6
        above = relaxed_objective(learnt.performance, relaxed + moved, mixture, 0.3)
        below = relaxed_objective(learnt.performance, relaxed - moved, mixture, 0.3)
        assert slope[place] == pytest.approx((above - below) / 2e-6, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("method", ["imitation", "predictors"])
def test_either_training_beats_random_designs_by_far(learnt: LearntOptimiser, method: str) -> None:
    performance, rng = learnt.performance, np.random.default_rng(2)
    weights = np.geomspace(0.02, 0.5, 24)
    mixtures = np.repeat(np.eye(4), 6, axis=0)
    situations = Situations(np.repeat(learnt.boards.features, 6, axis=0), mixtures, weights)
    designs = performance.labelled.designs
    objectives = performance.objectives(designs, mixtures, weights)
    if method == "imitation":
        network = train_by_imitation(performance, situations, designs[objectives.argmin(axis=0)], rng, 300)
    else:
        network = train_through_predictors(performance, situations, rng, 300)
    proposed = network.proposals(situations.features, weights, 1)
    reached = np.diag(performance.objectives(proposed, mixtures, weights))
    gap = (reached - objectives.min(axis=0)) / (np.median(objectives, axis=0) - objectives.min(axis=0))
    assert np.median(gap) < 0.15
