from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.strategies.scalarise import chebyshev, random_weights

CONCAVE = np.array([[0.0, 1.0], [0.6, 0.6], [1.0, 0.0]])  # its middle is best by no weighted sum


def test_some_weights_prefer_the_middle_of_a_concave_front() -> None:
    rng = np.random.default_rng(0)
    best = {int(chebyshev(CONCAVE, np.zeros(3), random_weights(rng, 2)).argmin()) for _ in range(50)}
    assert best == {0, 1, 2}


@given(st.integers(0, 100))
def test_a_dominated_design_never_scores_better(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.random((6, 2))
    values[1] = values[0] + rng.random(2) * [1.0, 0.0]
    scores = chebyshev(values, np.zeros(6), random_weights(rng, 2))
    assert scores[0] <= scores[1] + 1e-12


def test_broken_constraints_come_after_all_others_and_failures_last() -> None:
    values = np.array([[9.0, 9.0], [0.0, 0.0], [1.0, 0.0], [np.nan, np.nan]])
    scores = chebyshev(values, np.array([0.0, 0.2, 0.1, 0.0]), np.array([0.5, 0.5]))
    assert np.argsort(scores).tolist() == [0, 2, 1, 3]


def test_all_failed_or_all_alike_has_scores_too() -> None:
    weights = np.array([0.5, 0.5])
    assert np.isinf(chebyshev(np.full((2, 2), np.nan), np.zeros(2), weights)).all()
    assert chebyshev(np.ones((2, 2)), np.zeros(2), weights).tolist() == [0.0, 0.0]


@given(st.integers(1, 4), st.integers(0, 20))
def test_weights_sum_to_one(objectives: int, seed: int) -> None:
    weights = random_weights(np.random.default_rng(seed), objectives)
    assert weights.shape == (objectives,)
    assert abs(weights.sum() - 1.0) < 1e-12
