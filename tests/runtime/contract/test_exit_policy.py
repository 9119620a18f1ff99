from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError, ShapeError
from runtime.contract.exit_policy import ExitPolicy

THRESHOLDS = st.lists(st.floats(allow_nan=False), max_size=4).map(tuple)


@pytest.mark.parametrize(("entropy_nats", "leaves"), [(0.49, True), (0.50, True), (0.51, False)])
def test_an_exit_answers_when_its_entropy_is_at_most_the_threshold(entropy_nats: float, leaves: bool) -> None:
    assert ExitPolicy(thresholds_nats=(0.50,)).leaves_at(0, entropy_nats) is leaves


def test_the_last_exit_answers_however_unsure() -> None:
    assert ExitPolicy(thresholds_nats=(0.50,)).leaves_at(1, entropy_nats=99.0)
    assert ExitPolicy(thresholds_nats=()).leaves_at(0, entropy_nats=math.nan)


def test_an_entropy_that_is_not_a_number_never_leaves_early() -> None:
    assert not ExitPolicy((math.inf,)).leaves_at(0, math.nan)
    assert ExitPolicy((math.inf, math.inf)).exits_taken(np.array([[math.nan], [0.0], [0.0]])).tolist() == [1]


def test_a_threshold_of_minus_infinity_never_leaves_and_of_infinity_always() -> None:
    entropies = np.array([[0.0], [0.0]])
    assert ExitPolicy((-math.inf,)).exits_taken(entropies).tolist() == [1]
    assert ExitPolicy((math.inf,)).exits_taken(entropies + 1e300).tolist() == [0]


@given(THRESHOLDS, st.integers(0, 2**32), st.integers(0, 6))
def test_many_samples_at_once_leave_where_each_alone_would(
    thresholds: tuple[float, ...], seed: int, samples: int
) -> None:
    policy = ExitPolicy(thresholds)
    entropies = np.random.default_rng(seed).normal(0.0, 2.0, (policy.stages, samples))
    alone = [
        next(k for k in range(policy.stages) if policy.leaves_at(k, float(entropies[k, sample])))
        for sample in range(samples)
    ]
    assert policy.exits_taken(entropies).tolist() == alone


def test_the_entropy_of_the_last_exit_is_not_looked_at() -> None:
    assert ExitPolicy((0.5,)).exits_taken(np.array([[1.0, 0.1], [math.nan, math.nan]])).tolist() == [1, 0]


def test_a_policy_speaks_of_one_stage_more_than_it_has_thresholds() -> None:
    assert [ExitPolicy((0.1,) * n).stages for n in range(3)] == [1, 2, 3]


def test_a_threshold_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="a threshold is not a number"):
        ExitPolicy((0.5, math.nan))


@pytest.mark.parametrize("shape", [(1, 5), (3, 5), (2,)])
def test_entropies_of_another_number_of_stages_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"entropies must be \(2 stages, samples\)"):
        ExitPolicy((0.5,)).exits_taken(np.zeros(shape))


def test_a_policy_goes_by_the_entropy_unless_it_says_otherwise() -> None:
    assert ExitPolicy((0.5,)).score == "entropy"
    with pytest.raises(ConfigError, match="unknown exit score 'confidence'"):
        ExitPolicy((0.5,), "confidence")
