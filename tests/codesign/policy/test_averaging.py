"""codesign/policy/averaging.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.policy.averaging import NONE, Averaging, averaged_log, averaged_logits
from runtime.contract.arrays import FloatArray
from runtime.contract.entropy import entropy_nats, softmax
from runtime.contract.errors import ConfigError, ShapeError


def some_logits(candidates: int = 4, samples: int = 6, classes: int = 3, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).normal(scale=3.0, size=(candidates, samples, classes))


LABELS = np.array([0, 1, 2, 0, 1, 2])


def log_probabilities(logits: FloatArray) -> FloatArray:
    return np.log(softmax(logits))


def test_log_probabilities_are_those_of_softmax() -> None:
    answers = averaged_logits(some_logits()[:2], Averaging(0.5, at_the_end=True))
    np.testing.assert_allclose(np.exp(answers[0]), softmax(some_logits()[0]))


def test_each_stage_counts_in_what_the_kept_one_before_answered() -> None:
    logits = some_logits()
    log = averaged_log(logits, LABELS, 0b101, Averaging(0.5, at_the_end=True))
    first = log_probabilities(logits[0])
    third = log_probabilities(logits[2]) + 0.5 * first
    last = log_probabilities(logits[3]) + 0.5 * third
    np.testing.assert_allclose(log.entropy_nats[2], entropy_nats(third))
    assert log.predictions[3].tolist() == last.argmax(axis=1).tolist()


@given(st.integers(0, 7), st.integers(0, 100))
def test_candidates_that_are_not_kept_and_those_without_weight_stay_as_they_were(mask: int, seed: int) -> None:
    logits = some_logits(seed=seed)
    averaged, plain = averaged_log(logits, LABELS, mask, Averaging(0.5)), averaged_log(logits, LABELS, mask, NONE)
    for candidate in range(3):
        if not mask >> candidate & 1:
            np.testing.assert_array_equal(averaged.entropy_nats[candidate], plain.entropy_nats[candidate])
    np.testing.assert_array_equal(plain.predictions, logits.argmax(axis=2))


def test_the_last_stage_stays_the_full_network_unless_it_is_to_average_too() -> None:
    logits = some_logits()
    apart = averaged_log(logits, LABELS, 0b111, Averaging(0.5))
    np.testing.assert_array_equal(apart.predictions[-1], logits[-1].argmax(axis=1))
    np.testing.assert_allclose(apart.entropy_nats[-1], entropy_nats(logits[-1]))
    together = averaged_log(logits, LABELS, 0b111, Averaging(0.5, at_the_end=True))
    assert not np.allclose(together.entropy_nats[-1], apart.entropy_nats[-1])
    np.testing.assert_array_equal(together.full_right, apart.correct[-1])  # harm is counted against the network itself


def test_two_exits_that_err_apart_are_better_together() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 2000)
    truth = np.eye(3)[labels]
    logits = np.stack([truth + rng.normal(scale=1.0, size=truth.shape) for _ in range(2)])
    together = averaged_log(logits, labels, 0b1, Averaging(1.0, at_the_end=True)).correct[-1].mean()
    assert together > averaged_log(logits, labels, 0b1, NONE).correct[-1].mean() + 0.05


def test_logits_of_another_rank_and_masks_of_other_exits_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"logits must be \(candidates, samples, classes\)"):
        averaged_log(some_logits()[0], LABELS, 0b1, NONE)
    with pytest.raises(ConfigError, match="beyond the 3 early candidates"):
        averaged_log(some_logits(), LABELS, 0b1000, NONE)
