from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.bayesian_belief import Processes, belief, belief_while, tuning_set
from codesign.search.strategies.house_posterior import Posterior, fitted
from codesign.search.strategies.search_space import SearchSpace

SIZES = (3, 3, 3)
ALL = SearchSpace(SIZES).all()


@pytest.fixture(scope="module")
def process() -> Posterior:
    rows = np.random.default_rng(0).permutation(len(ALL))[:12]
    worth = ALL[rows] @ np.array([1.0, 2.0, 0.5])
    return Processes(SIZES).of("worth", ALL[rows], worth, worth)


def test_pending_designs_move_no_mean_and_leave_less_to_be_learnt(process: Posterior) -> None:
    before, after = belief(process, ALL), belief_while(process, ALL, ALL[[4, 9]])
    np.testing.assert_allclose(after.mean, before.mean)
    assert (after.deviation <= before.deviation * (1 + 1e-9)).all()
    assert after.deviation[4] < 0.9 * before.deviation[4]


def test_a_belief_given_pending_designs_is_the_one_after_they_turned_out_as_thought(process: Posterior) -> None:
    pending = ALL[[4, 9]]
    thought = process.predict(pending)[0]
    seen = np.concatenate([process.designs, pending])
    worth = np.concatenate([process.shift + process.spread * _normal(process), thought])
    later = fitted(process.covariance, process.parameters, seen, worth)
    # The later process scales worth anew; deviations are compared in units of its own.
    now = belief_while(process, ALL, pending).deviation / process.spread
    np.testing.assert_allclose(now, later.predict(ALL)[1] / later.spread, rtol=1e-3, atol=1e-5)


def _normal(process: Posterior) -> np.ndarray:
    normal: np.ndarray = process.lower @ (process.lower.T @ process.weights)
    return normal


def test_no_design_is_ever_known_for_sure(process: Posterior) -> None:
    assert (belief_while(process, ALL, process.designs).deviation > 0).all()


def test_parameters_are_tuned_on_the_same_first_designs_for_a_while() -> None:
    sizes = [tuning_set(designs) for designs in range(1, 101)]
    assert all(size <= designs < 1.4 * size + 1 for designs, size in enumerate(sizes, 1))
    assert len(set(sizes)) < 20


def test_processes_of_one_name_and_number_share_parameters() -> None:
    processes = Processes(SIZES)
    worth = ALL.sum(axis=1).astype(float)
    first = processes.of("worth", ALL[:9], worth[:9], worth[:8])
    second = processes.of("worth", ALL[:9], -worth[:9], worth[:8])
    other = processes.of("constraints", ALL[:9], worth[:9], np.abs(worth[:8] - 2.0))
    assert first.parameters is second.parameters
    assert not np.array_equal(first.parameters, other.parameters)
