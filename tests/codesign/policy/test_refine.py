"""codesign/policy/refine.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from codesign.policy.exit_log import ExitLog
from codesign.policy.levels import threshold_levels
from codesign.policy.refine import Bound, refine_thresholds
from codesign.policy.replay import replay
from codesign.policy.selection import policy_of
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError, InfeasibleError, ShapeError
from runtime.contract.exit_policy import ExitPolicy
from tests.codesign.policy.logs import exit_logs, plausible_log


def mean_cost(log: ExitLog, mask: int, policy: ExitPolicy, stage_costs: FloatArray) -> float:
    return float(replay(log, mask, policy).exit_shares @ np.cumsum(stage_costs))


@settings(max_examples=40, deadline=None)
@given(exit_logs(), st.integers(0, 2**31), st.floats(-0.1, 1.1), st.sampled_from(["accuracy", "harm", "both"]))
def test_refining_keeps_the_bound_and_never_costs_more(log: ExitLog, bits: int, nats: float, kind: str) -> None:
    mask = bits % (1 << (log.candidates - 1))
    start = policy_of(mask, np.full(log.candidates - 1, nats))
    before = replay(log, mask, start)
    bound = Bound(
        min_accuracy=before.accuracy if kind != "harm" else None, max_harm=before.harm if kind != "accuracy" else None
    )
    stage_costs = 1.0 + np.arange(start.stages) % 3
    refined = refine_thresholds(log, mask, start, stage_costs, bound)
    after = replay(log, mask, refined)
    assert mean_cost(log, mask, refined, stage_costs) <= mean_cost(log, mask, start, stage_costs)
    assert bound.min_accuracy is None or after.accuracy >= bound.min_accuracy
    assert bound.max_harm is None or after.harm <= bound.max_harm


@settings(max_examples=40, deadline=None)
@given(exit_logs(max_candidates=2), st.floats(0.0, 1.0))
def test_with_one_exit_the_result_is_the_best_there_is(log: ExitLog, min_accuracy: float) -> None:
    assume(log.candidates == 2 and log.correct[-1].mean() >= min_accuracy)
    stage_costs = np.array([1.0, 2.0])
    refined = refine_thresholds(log, 1, ExitPolicy((-np.inf,)), stage_costs, Bound(min_accuracy=min_accuracy))
    options = [ExitPolicy((float(h),)) for h in [-np.inf, *log.entropy_nats[0]] if not np.isnan(h)]
    feasible = [p for p in options if replay(log, 1, p).accuracy >= min_accuracy]
    best = min(mean_cost(log, 1, p, stage_costs) for p in feasible)
    assert mean_cost(log, 1, refined, stage_costs) == pytest.approx(best)


def test_thresholds_of_their_own_are_cheaper_than_one_level_for_all() -> None:
    log = plausible_log(6, 800, seed=3)
    mask, stage_costs = 0b10101, np.array([1.0, 2.0, 2.0, 1.0])
    start = policy_of(mask, threshold_levels(log, 20)[12])
    before = replay(log, mask, start)
    refined = refine_thresholds(log, mask, start, stage_costs, Bound(min_accuracy=before.accuracy))
    assert mean_cost(log, mask, refined, stage_costs) < 0.99 * mean_cost(log, mask, start, stage_costs)
    assert replay(log, mask, refined).accuracy >= before.accuracy


def test_descent_leaves_a_corner_that_single_moves_cannot() -> None:
    # Exit 0 lets out one sample that it gets wrong; to open exit 1, which saves more, that error must go first.
    log = ExitLog(
        entropy_nats=np.array([[0.1, 9, 9, 9, 9, 9], [9.0, 0.5, 0.1, 0.1, 0.1, 0.1], [0, 0, 0, 0, 0, 0]]),
        predictions=np.array([[0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1]]),
        labels=np.ones(6, dtype=int),
    )
    stage_costs = np.array([1.0, 1.0, 100.0])
    stuck = ExitPolicy((0.1, -np.inf))
    refined = refine_thresholds(log, 0b11, stuck, stage_costs, Bound(min_accuracy=5 / 6))
    assert refined.thresholds_nats[0] < 0.1
    assert mean_cost(log, 0b11, refined, stage_costs) == pytest.approx(2.0)  # nobody reaches the last stage


def test_what_cannot_be_refined_is_refused() -> None:
    log = plausible_log(3, 50, seed=0)
    everybody = ExitPolicy((np.inf, np.inf))
    with pytest.raises(InfeasibleError, match="the policy to start from has accuracy"):
        refine_thresholds(log, 0b11, everybody, np.ones(3), Bound(min_accuracy=1.0))
    with pytest.raises(ShapeError, match="stage_costs must be"):
        refine_thresholds(log, 0b11, everybody, np.ones(2), Bound(max_harm=1.0))
    with pytest.raises(ConfigError, match="without a bound"):
        Bound()
