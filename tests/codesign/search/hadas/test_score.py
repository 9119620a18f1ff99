"""HADAS's scalar score: what it rewards, and that its exact maximum is one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.search.hadas.dynamics import Dynamics
from codesign.search.hadas.score import ExitTerms, best_scores, dissimilarity, exit_terms, hadas_score
from runtime.contract.errors import ConfigError, ShapeError
from tests.codesign.search.records import POINTS, pricing, record


def terms_of(seed: int, exits: int, points: int) -> ExitTerms:
    rng = np.random.default_rng(seed)
    shares = np.round(rng.uniform(0.1, 0.9, exits), 1)  # rounded, so that shares tie
    return ExitTerms(shares, shares[:, None] * rng.uniform(0.2, 2.0, (exits, points)))


def all_masks(exits: int) -> np.ndarray:
    return np.arange(1, 1 << exits)


def test_dissimilarity_looks_at_kept_exits_before_alone() -> None:
    shares = np.asarray([0.5, 0.3, 0.7, 0.9])
    np.testing.assert_allclose(
        dissimilarity(shares, np.asarray([0b1011, 0b1100])), [[1, 0.5, 0.5, 0.5], [1, 1, 1, 0.3]]
    )


def test_the_score_is_the_mean_over_kept_exits() -> None:
    terms = ExitTerms(np.asarray([0.5, 0.8]), np.asarray([[0.4], [0.6]]))
    found = hadas_score(terms, np.asarray([0b01, 0b11, 0b00]), np.zeros(3, dtype=int), gamma=2.0)
    np.testing.assert_allclose(found, [0.4, (0.4 + 0.6 * 0.5**2) / 2, 0.0])


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 4), st.sampled_from([0.0, 0.5, 1.0, 3.0]))
def test_the_best_design_of_each_number_of_exits_is_exact(seed: int, exits: int, points: int, gamma: float) -> None:
    terms = terms_of(seed, exits, points)
    masks = all_masks(exits)
    every = np.stack([hadas_score(terms, masks, np.full(masks.size, p), gamma) for p in range(points)])
    for best in best_scores(terms, gamma):
        of_so_many = np.bitwise_count(masks) == best.exits
        assert best.score == pytest.approx(every[:, of_so_many].max(), rel=1e-12)
        assert int(best.mask).bit_count() == best.exits
        claimed = hadas_score(terms, np.asarray([best.mask]), np.asarray([best.point]), gamma)
        assert claimed[0] == pytest.approx(best.score, rel=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from([0.0, 1.0, 2.0]))
def test_a_single_exit_always_scores_best(seed: int, exits: int, gamma: float) -> None:
    scores = [best.score for best in best_scores(terms_of(seed, exits, 3), gamma)]
    assert scores[0] >= max(scores) * (1 - 1e-12)


def test_as_printed_the_score_rewards_cost_and_in_the_gain_form_it_does_not() -> None:
    dynamics = Dynamics(record((0,), candidates=4), pricing())
    cheap, dear = 0, len(POINTS) - 1
    if dynamics.energy_prices_j[0, cheap] * dynamics.latency_prices_s[0, cheap] > (
        dynamics.energy_prices_j[0, dear] * dynamics.latency_prices_s[0, dear]
    ):
        cheap, dear = dear, cheap
    masks, points = np.asarray([1, 1]), np.asarray([cheap, dear])
    printed = hadas_score(exit_terms(dynamics, "printed"), masks, points, gamma=1.0)
    gain = hadas_score(exit_terms(dynamics, "gain"), masks, points, gamma=1.0)
    assert printed[1] > printed[0]
    assert gain[0] > gain[1]


def test_what_cannot_be_scored_is_refused() -> None:
    terms = terms_of(0, 3, 2)
    with pytest.raises(ConfigError, match="gamma must be 0"):
        best_scores(terms, -1.0)
    with pytest.raises(ConfigError, match="gamma must be 0"):
        hadas_score(terms, np.asarray([1]), np.asarray([0]), -1.0)
    with pytest.raises(ConfigError, match="unknown form"):
        exit_terms(Dynamics(record((0,)), pricing()), "other")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="worth must be"):
        ExitTerms(np.zeros(3), np.zeros((2, 2)))
