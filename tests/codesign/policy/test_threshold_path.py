"""codesign/policy/threshold_path.py"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from codesign.policy.exit_log import ExitLog
from codesign.policy.replay import replay
from codesign.policy.threshold_path import scaled_path, selected_path, shared_path
from runtime.contract.errors import ConfigError
from runtime.contract.exit_policy import ExitPolicy
from tests.codesign.policy.logs import exit_logs


def test_a_shared_path_rises_to_where_everybody_leaves() -> None:
    path = shared_path(stages=3, classes=10, levels=50)
    thresholds = np.array([policy.thresholds_nats for policy in path])
    assert thresholds.shape == (50, 2)
    assert (np.diff(thresholds, axis=0) > 0).all()
    assert (thresholds[:, 0] == thresholds[:, 1]).all()
    assert thresholds[-1, 0] == pytest.approx(math.log(10))


def test_a_path_needs_something_to_choose_from() -> None:
    with pytest.raises(ConfigError, match="at least two classes and two levels, got 1 and 200"):
        shared_path(stages=2, classes=1)


@settings(deadline=None)
@given(exit_logs())
def test_along_a_selected_path_ever_more_samples_leave_no_later(log: ExitLog) -> None:
    mask = (1 << (log.candidates - 1)) - 1
    taken = [replay(log, mask, policy).exits_taken for policy in selected_path(log, mask, levels=10)]
    for cautious, bold in pairwise(taken):
        assert (bold <= cautious).all()


def test_a_scaled_path_keeps_proportions_passes_through_the_policy_and_ends_where_all_leave() -> None:
    policy = ExitPolicy((0.2, -math.inf, 0.1))
    path = scaled_path(policy, classes=10)
    assert policy in path
    for step in path:
        first, closed, third = step.thresholds_nats
        assert closed == -math.inf
        assert first == pytest.approx(2 * third)
    assert path[-1].thresholds_nats[2] == pytest.approx(math.log(10))
    assert all(bold.thresholds_nats[0] > cautious.thresholds_nats[0] for cautious, bold in pairwise(path))


def test_a_policy_by_which_nobody_leaves_scales_to_itself() -> None:
    assert set(scaled_path(ExitPolicy((-math.inf,)), classes=10)) == {ExitPolicy((-math.inf,))}
    with pytest.raises(ConfigError, match="at least two classes and two levels"):
        scaled_path(ExitPolicy((0.1,)), classes=10, levels=1)
