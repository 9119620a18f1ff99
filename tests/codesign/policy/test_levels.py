"""codesign/policy/levels.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.policy.exit_log import ExitLog
from codesign.policy.levels import Criterion, precision_levels, threshold_levels
from runtime.contract.errors import ConfigError
from tests.codesign.policy.logs import exit_logs, plausible_log


@settings(deadline=None)
@given(exit_logs(), st.integers(2, 8), st.sampled_from(["label", "harmless"]))
def test_a_threshold_is_the_largest_entropy_whose_leavers_reach_the_level(
    log: ExitLog, levels: int, criterion: Criterion
) -> None:
    precisions = precision_levels(log, levels, criterion)
    thresholds = threshold_levels(log, levels, criterion)
    assert thresholds.shape == (levels, log.candidates - 1)
    good = log.correct if criterion == "label" else log.correct | ~log.correct[-1]
    for exit_index in range(log.candidates - 1):
        nats = log.entropy_nats[exit_index]
        for level, precision in enumerate(precisions):
            fits = [h for h in nats[~np.isnan(nats)] if good[exit_index][nats <= h].mean() >= precision]
            assert thresholds[level, exit_index] == max(fits, default=-np.inf)


@settings(deadline=None)
@given(exit_logs(), st.integers(2, 8))
def test_stricter_levels_never_open_an_exit_further(log: ExitLog, levels: int) -> None:
    thresholds = threshold_levels(log, levels)
    assert (thresholds[1:] <= thresholds[:-1]).all()


def test_levels_run_from_everybody_leaves_to_no_error_at_all() -> None:
    log = plausible_log(6, 400, seed=1)
    precisions = precision_levels(log)
    thresholds = threshold_levels(log)
    assert len(precisions) == 30
    assert precisions[-1] == 1.0
    assert (np.diff(precisions) > 0).all()
    np.testing.assert_array_equal(thresholds[0], log.entropy_nats[:-1].max(axis=1))
    for exit_index, threshold in enumerate(thresholds[-1]):
        assert log.correct[exit_index][log.entropy_nats[exit_index] <= threshold].all()


def test_where_the_last_answer_is_wrong_too_leaving_does_no_harm() -> None:
    log = ExitLog(np.array([[0.1, 0.2], [0.0, 0.0]]), np.array([[0, 1], [0, 1]]), np.array([1, 1]))
    assert threshold_levels(log, 2, "label")[-1].tolist() == [-np.inf]
    assert threshold_levels(log, 2, "harmless")[-1].tolist() == [0.2]


def test_one_level_is_no_dial() -> None:
    with pytest.raises(ConfigError, match="at least 2"):
        threshold_levels(plausible_log(3, 10, seed=0), 1)
