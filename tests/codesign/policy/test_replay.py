"""codesign/policy/replay.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.policy.exit_log import ExitLog
from codesign.policy.replay import oracle_replay, replay
from codesign.policy.selection import policy_of, selected_candidates
from runtime.contract.errors import ConfigError, ShapeError
from runtime.contract.exit_policy import ExitPolicy
from tests.codesign.policy.logs import exit_logs

HAND_LOG = ExitLog(  # four samples; the final answer is right, right, right, wrong
    entropy_nats=np.array([[0.1, 0.1, 0.9, 0.9], [0.9, 0.9, 0.2, 0.9], [0.0, 0.0, 0.0, 0.0]]),
    predictions=np.array([[1, 0, 0, 0], [1, 1, 0, 1], [1, 1, 1, 0]]),
    labels=np.array([1, 1, 1, 1]),
)


def test_a_hand_counted_policy() -> None:
    outcome = replay(HAND_LOG, 0b11, ExitPolicy((0.5, 0.5)))
    assert outcome.exits_taken.tolist() == [0, 0, 1, 2]
    assert outcome.exit_shares.tolist() == [0.5, 0.25, 0.25]
    assert outcome.leaver_accuracy.tolist() == [0.5, 0.0, 0.0]
    assert outcome.accuracy == 0.25
    assert outcome.harm == 0.5  # samples 1 and 2: the last exit had them right
    assert not outcome.is_oracle


def test_an_exit_that_nobody_takes_has_no_accuracy() -> None:
    outcome = replay(HAND_LOG, 0b1, ExitPolicy((-np.inf,)))
    assert np.isnan(outcome.leaver_accuracy[0])
    assert outcome.accuracy == 0.75
    assert outcome.harm == 0.0


def test_the_oracle_says_that_it_is_one() -> None:
    outcome = oracle_replay(HAND_LOG, 0b11)
    assert outcome.is_oracle
    assert outcome.exits_taken.tolist() == [0, 1, 2, 1]
    assert outcome.accuracy == 1.0


def test_a_policy_for_another_number_of_exits_is_refused() -> None:
    with pytest.raises(ShapeError, match="makes 3 stages, the policy speaks of 2"):
        replay(HAND_LOG, 0b11, ExitPolicy((0.5,)))
    with pytest.raises(ConfigError, match="beyond the 2 early candidates"):
        replay(HAND_LOG, 0b100, ExitPolicy((0.5,)))


@settings(deadline=None)
@given(exit_logs(), st.integers(0, 2**31), st.sampled_from([0.0, 0.1, 0.3, 0.7, 2.0]))
def test_every_sample_leaves_exactly_once_as_the_rule_read_aloud_says(
    log: ExitLog, bits: int, threshold_nats: float
) -> None:
    mask = bits % (1 << (log.candidates - 1))
    policy = policy_of(mask, np.full(log.candidates - 1, threshold_nats))
    outcome = replay(log, mask, policy)
    kept = selected_candidates(mask, log.candidates)
    right = 0
    for sample in range(log.samples):
        stage = next(k for k, c in enumerate(kept) if policy.leaves_at(k, float(log.entropy_nats[c, sample])))
        assert outcome.exits_taken[sample] == stage
        right += int(log.predictions[kept[stage], sample] == log.labels[sample])
    assert outcome.exit_shares.sum() == pytest.approx(1.0, abs=1e-12)
    assert outcome.accuracy == right / log.samples
    assert outcome.harm >= log.correct[-1].mean() - outcome.accuracy - 1e-12


@settings(deadline=None)
@given(exit_logs(), st.integers(0, 2**31), st.integers(0, 2**31))
def test_more_exits_never_cost_accuracy_under_the_oracle(log: ExitLog, bits: int, more_bits: int) -> None:
    every = (1 << (log.candidates - 1)) - 1
    few, many = bits & every, (bits | more_bits) & every
    assert oracle_replay(log, many).accuracy >= oracle_replay(log, few).accuracy


@settings(deadline=None)
@given(exit_logs(), st.integers(0, 2**31), st.sampled_from([0.0, 0.1, 0.3, 0.7, 2.0]))
def test_no_threshold_policy_beats_the_oracle(log: ExitLog, bits: int, threshold_nats: float) -> None:
    mask = bits % (1 << (log.candidates - 1))
    policy = policy_of(mask, np.full(log.candidates - 1, threshold_nats))
    assert replay(log, mask, policy).accuracy <= oracle_replay(log, mask).accuracy


def test_a_policy_is_not_replayed_on_a_log_of_another_score() -> None:
    with pytest.raises(ShapeError, match="a policy on 'margin' cannot be replayed on a log of 'entropy'"):
        replay(HAND_LOG, 0b11, ExitPolicy((0.1, 0.1), "margin"))
