"""codesign/policy/certificate.py"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.policy.certificate import certify, full_depth, harm_p_value, least_samples
from codesign.policy.exit_log import ExitLog
from codesign.policy.replay import replay
from codesign.policy.threshold_path import shared_path
from runtime.contract.errors import ConfigError, ShapeError
from runtime.contract.exit_policy import ExitPolicy
from tests.codesign.policy.logs import exit_logs


def log_with_harm_at(entropies_of_harm: list[float], samples: int) -> ExitLog:
    """Two exits; the last is always right, the first wrong on a few samples of given entropy, and sure of the rest."""
    harmed = len(entropies_of_harm)
    entropy = np.concatenate([entropies_of_harm, np.full(samples - harmed, 0.001)])
    first = np.concatenate([np.ones(harmed, dtype=np.int64), np.zeros(samples - harmed, dtype=np.int64)])
    last = np.zeros(samples, dtype=np.int64)
    return ExitLog(np.stack([entropy, entropy]), np.stack([first, last]), last)


def steps(*thresholds: float) -> tuple[ExitPolicy, ...]:
    return tuple(ExitPolicy((threshold,)) for threshold in thresholds)


def test_the_p_value_is_the_binomial_tail_by_hand() -> None:
    epsilon, samples = 0.1, 20
    by_hand = sum(math.comb(samples, k) * epsilon**k * (1 - epsilon) ** (samples - k) for k in range(3))
    assert harm_p_value(2, samples, epsilon) == pytest.approx(by_hand)


def test_the_last_policy_that_passed_is_certified_and_not_the_first_that_failed() -> None:
    log = log_with_harm_at([0.5] * 3 + [0.9] * 40, samples=1000)
    found = certify(log, 0b1, steps(0.1, 0.6, 1.0), epsilon=0.01, delta=0.1)
    assert found.level == 1
    assert found.policy == ExitPolicy((0.6,))
    assert found.replay.harm == 0.003
    assert found.p_value == pytest.approx(harm_p_value(3, 1000, 0.01))


def test_the_walk_stops_at_the_first_failure_though_a_later_policy_would_pass() -> None:
    log = log_with_harm_at([0.5] * 40, samples=1000)
    assert certify(log, 0b1, steps(0.1, 0.6, 0.2), epsilon=0.01, delta=0.1).level == 0


def test_where_nothing_passes_the_answer_is_full_depth_said_in_words() -> None:
    log = log_with_harm_at([0.0] * 40, samples=1000)
    found = certify(log, 0b1, steps(0.1, 0.6), epsilon=0.01, delta=0.1)
    assert not found.passed
    assert found.policy == ExitPolicy((-np.inf,))
    assert found.replay.harm == 0.0
    assert found.sentence == (
        "Nothing that leaves early could be certified at harm 1.00% with 90% confidence on 1,000 images: "
        "run at full depth."
    )


def test_too_few_samples_certify_nothing_even_without_any_harm() -> None:
    assert not certify(log_with_harm_at([], samples=229), 0b1, steps(0.1), epsilon=0.01, delta=0.1).passed
    assert certify(log_with_harm_at([], samples=230), 0b1, steps(0.1), epsilon=0.01, delta=0.1).passed
    assert least_samples(epsilon=0.01, delta=0.1) == 230


def test_the_promise_is_one_plain_sentence() -> None:
    found = certify(log_with_harm_at([], samples=1500), 0b1, steps(0.1), epsilon=0.01, delta=0.1)
    assert found.sentence == (
        "With 90% confidence, at most 1.00% of images are lost that the full network gets right; "
        "tested on 1,500 images."
    )
    assert found.to_json()["n"] == 1500


@settings(deadline=None, max_examples=60)
@given(exit_logs(), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_whatever_is_certified_passed_its_own_test(log: ExitLog, epsilon: float, delta: float) -> None:
    mask = (1 << (log.candidates - 1)) - 1
    path = shared_path(log.candidates, classes=10, levels=20)
    found = certify(log, mask, path, epsilon, delta)
    assert found.p_value <= delta or not found.passed
    assert replay(log, mask, found.policy).harm == found.replay.harm
    if found.passed:
        assert harm_p_value(round(found.replay.harm * log.samples), log.samples, epsilon) <= delta


def test_the_promise_is_broken_no_more_often_than_delta() -> None:
    rng = np.random.default_rng(0)
    samples, epsilon, delta, draws = 500, 0.02, 0.1, 400
    grid = np.linspace(0.0, 1.0, 41)
    broken = 0
    for _ in range(draws):
        entropy = rng.random(samples)
        wrong = rng.random(samples) < 0.2 * entropy  # true harm of threshold t: integral of 0.2 u from 0 to t = 0.1 t²
        last = np.zeros(samples, dtype=np.int64)
        log = ExitLog(np.stack([entropy, entropy]), np.stack([wrong.astype(np.int64), last]), last)
        found = certify(log, 0b1, steps(*grid), epsilon, delta)
        broken += 0.1 * max(found.policy.thresholds_nats[0], 0.0) ** 2 > epsilon
    assert broken / draws <= delta + 2 * math.sqrt(delta * (1 - delta) / draws)
    assert broken > 0  # a test that never errs is needlessly tight


@pytest.mark.parametrize("share", [0.0, 1.0, math.nan])
def test_a_level_that_is_no_share_is_refused(share: float) -> None:
    log = log_with_harm_at([], samples=500)
    with pytest.raises(ConfigError, match="epsilon is a share between 0 and 1"):
        certify(log, 0b1, steps(0.1), epsilon=share)
    with pytest.raises(ConfigError, match="delta is a share between 0 and 1"):
        certify(log, 0b1, steps(0.1), delta=share)


def test_an_empty_sequence_or_one_for_other_exits_is_refused() -> None:
    log = log_with_harm_at([], samples=500)
    with pytest.raises(ConfigError, match="there is no policy to certify"):
        certify(log, 0b1, ())
    with pytest.raises(ShapeError, match="the policy speaks of 3"):
        certify(log, 0b1, [full_depth(3)])
