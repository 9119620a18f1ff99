from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from runtime.contract.entropy import entropy_nats, softmax
from runtime.contract.errors import ConfigError, ShapeError
from runtime.contract.exit_score import SCORES, known_score, margin_nats, surprisal_nats, uncertainty_nats

LOGITS = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(2, 12)), elements=st.floats(-30, 30))


@given(LOGITS)
def test_surprisal_is_that_of_the_largest_probability(logits: np.ndarray) -> None:
    np.testing.assert_allclose(surprisal_nats(logits), -np.log(softmax(logits).max(axis=1)), atol=1e-9)


@given(LOGITS)
def test_the_margin_score_is_that_of_the_lead_over_the_second(logits: np.ndarray) -> None:
    second, first = np.sort(softmax(logits), axis=1)[:, -2:].T
    np.testing.assert_allclose(np.exp(-margin_nats(logits)), first - second, atol=1e-9)


def test_two_classes_that_tie_have_no_margin_and_never_leave() -> None:
    assert margin_nats(np.zeros((1, 3))).tolist() == [math.inf]


@pytest.mark.parametrize("score", SCORES)
def test_a_certain_exit_is_unsure_of_nothing_and_an_unsure_one_of_more(score: str) -> None:
    unsure = uncertainty_nats(score, np.array([[200.0, 0.0, 0.0], [3.0, 0.0, 0.0], [0.1, 0.0, 0.0]]))
    assert unsure[0] == pytest.approx(0.0, abs=1e-12)
    assert unsure[0] < unsure[1] < unsure[2]


@pytest.mark.parametrize("score", SCORES)
def test_every_score_resolves_exits_that_are_surer_than_float32_can_say_of_a_probability(score: str) -> None:
    sure, surer = uncertainty_nats(score, np.array([[18.0, 0.0, -1.0], [25.0, 0.0, -1.0]], dtype=np.float32))
    assert 0.0 <= surer < sure < 1e-6


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_logits_that_are_not_numbers_have_an_uncertainty_that_is_none(score: str) -> None:
    unsure = uncertainty_nats(score, np.array([[math.nan, 0.0], [1.0, 0.0]]))
    assert math.isnan(unsure[0])
    assert math.isfinite(unsure[1])


def test_the_default_score_is_the_entropy() -> None:
    logits = np.array([[1.0, 0.5, 0.0]])
    np.testing.assert_array_equal(uncertainty_nats("entropy", logits), entropy_nats(logits))


def test_an_unknown_score_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="unknown exit score 'energy'") as caught:
        known_score("energy")
    assert caught.value.to_do == "use one of entropy, max-probability, margin"


@pytest.mark.parametrize("shape", [(3,), (2, 1)])
@pytest.mark.parametrize("score", [surprisal_nats, margin_nats])
def test_logits_need_a_batch_axis_and_two_classes(score: object, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"logits must be \(batch, two classes or more\)"):
        score(np.zeros(shape))  # type: ignore[operator]
