"""Scores of answers, their bands, and bets on a drift of them that never gain while there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.arrays import FloatArray
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.telemetry.drift_scores import FAULT_STEPS, SHARE_STEPS, Score, growth, scores_of

EXPECTED = ExpectedAnswers(
    ((0.05, 0.2), (0.3,)), ((0.3, 0.25, 0.15), (0.2, 0.1)), 1500, ((0.01, 0.03, 0.1), (0.08, 0.35))
)
SHARES = np.array([0.3, 0.25, 0.15, 0.2, 0.1])


def test_one_score_is_there_for_each_boundary_between_cells_and_one_for_faults() -> None:
    *boundaries, faults = scores_of(EXPECTED, 0.005, 2.5)
    assert [score.mean for score in boundaries] == pytest.approx([0.3, 0.55, 0.7, 0.9])
    assert [(score.exit_index, score.most_nats) for score in boundaries] == [(0, 0.05), (0, 0.2), (0, None), (1, 0.3)]
    assert [score.values.sum() for score in boundaries] == [1, 2, 3, 4]
    assert faults.mean == pytest.approx(SHARES @ [0.01, 0.03, 0.1, 0.08, 0.35])
    assert faults.exit_index is None


def test_a_band_is_as_wide_as_the_reference_is_unsure_and_a_tolerance() -> None:
    score, *_, faults = scores_of(EXPECTED, 0.005, 2.0)
    assert score.high - score.mean == pytest.approx(2.0 * np.sqrt(0.3 * 0.7 / 1500) + 0.005)
    assert score.mean - score.low == pytest.approx(score.high - score.mean)
    assert faults.low == -np.inf  # fewer faults are no harm
    spread = np.sqrt(SHARES @ (faults.values - faults.mean) ** 2 / 1500)
    assert faults.high - faults.mean == pytest.approx(2.0 * spread)


def test_without_known_faults_or_where_all_cells_are_alike_there_is_no_score_of_them() -> None:
    unknown = ExpectedAnswers(EXPECTED.entropy_edges, EXPECTED.shares, 1500)
    alike = ExpectedAnswers(EXPECTED.entropy_edges, EXPECTED.shares, 1500, ((0.1, 0.1, 0.1), (0.1, 0.1)))
    for expected in (unknown, alike):
        assert all(score.exit_index is not None for score in scores_of(expected, 0.005, 2.5))
    assert scores_of(ExpectedAnswers(((),), ((1.0,),), 9), 0.005, 2.5) == ()


laws = st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5).filter(lambda x: sum(x) > 0.1)


@given(weights=laws, index=st.integers(0, 4))
def test_no_bet_gains_on_average_while_the_mean_lies_within_its_band(weights: list[float], index: int) -> None:
    score = scores_of(EXPECTED, 0.005, 2.5)[index]
    law = np.array(weights) / sum(weights)
    mean = float(law @ score.values)
    factors = law @ np.exp(growth(score, SHARES))
    if score.exit_index is None:
        assert factors.shape == (len(FAULT_STEPS),)
        if mean <= score.high:
            assert (factors <= 1 + 1e-9).all()
    else:
        rising, falling = factors[: len(SHARE_STEPS)], factors[len(SHARE_STEPS) :]
        if mean <= score.high:
            assert (rising <= 1 + 1e-9).all()
        if mean >= score.low:
            assert (falling <= 1 + 1e-9).all()


def gained(score: Score, law: FloatArray) -> float:
    """By the best bet, nats per image."""
    return float((law @ growth(score, SHARES)).max())


def test_beyond_its_band_some_bet_gains() -> None:
    *boundaries, faults = scores_of(EXPECTED, 0.005, 2.5)
    harder = SHARES + np.array([-0.06, -0.04, 0.0, 0.0, 0.10])
    assert gained(boundaries[0], harder) > 0
    assert gained(faults, harder) > 0
    easier = SHARES + np.array([0.1, 0.0, 0.0, -0.05, -0.05])
    assert gained(boundaries[0], easier) > 0
    assert gained(faults, easier) < 0


def test_nothing_is_ever_staked_in_full() -> None:
    rare = ExpectedAnswers(((0.1,),), ((0.999, 0.001),), 100, ((0.0, 1.0),))
    (_, faults) = scores_of(rare, 0.0, 0.0)
    assert np.isfinite(growth(faults, np.array([0.999, 0.001]))).all()


def test_alarms_are_said_for_people() -> None:
    score, _, whole, _, faults = scores_of(EXPECTED, 0.005, 2.5)
    assert score.sentence(0.2, 1500) == (
        "20.0% of the last 1,500 images left by exit 0, there with at most 0.05 nats, where 30.0% were expected"
    )
    assert whole.sentence(0.5, 50) == "50.0% of the last 50 images left by exit 0 where 70.0% were expected"
    assert faults.sentence(0.12, 700) == (
        "going by where the last 700 images left and how sure the answers were, 12.0% of them are wrong where 7.6%"
        " were expected to be"
    )
