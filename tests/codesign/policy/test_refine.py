"""codesign/policy/refine.py"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.policy.exit_log import ExitLog
from codesign.policy.expected_change import expected_change
from codesign.policy.levels import threshold_levels
from codesign.policy.refine import Fault, priced_path
from codesign.policy.replay import replay
from codesign.policy.selection import policy_of
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ShapeError
from runtime.contract.exit_policy import ExitPolicy
from tests.codesign.policy.logs import CLASSES, exit_logs, plausible_log


def mean_cost(log: ExitLog, mask: int, policy: ExitPolicy, stage_costs: FloatArray) -> float:
    return float(replay(log, mask, policy).exit_shares @ np.cumsum(stage_costs))


def faults(log: ExitLog, mask: int, policy: ExitPolicy, fault: Fault) -> float:
    told = replay(log, mask, policy)
    return 1.0 - told.accuracy if fault == "wrong" else told.harm


@settings(max_examples=40, deadline=None)
@given(exit_logs(), st.integers(0, 2**31), st.sampled_from(["wrong", "harmed"]), st.floats(0.1, 50.0))
def test_no_threshold_can_be_moved_by_itself_to_where_it_is_cheaper(
    log: ExitLog, bits: int, fault: Fault, price: float
) -> None:
    mask = bits % (1 << (log.candidates - 1))
    stage_costs = 1.0 + np.arange(bin(mask).count("1") + 1) % 3
    (policy,) = priced_path(log, mask, stage_costs, fault, [price])

    def total(of: ExitPolicy) -> float:
        return mean_cost(log, mask, of, stage_costs) + price * stage_costs.sum() * faults(log, mask, of, fault)

    found = total(policy)
    for stage, nats in product(range(policy.stages - 1), [-np.inf, 0.0, 0.1, 0.2, 0.5, 1.0]):
        moved = list(policy.thresholds_nats)
        moved[stage] = nats
        assert found <= total(ExitPolicy(tuple(moved))) + 1e-6 * (1.0 + price) * stage_costs.sum()


@settings(max_examples=40, deadline=None)
@given(exit_logs(max_candidates=2), st.sampled_from(["wrong", "harmed"]))
def test_with_one_exit_a_cheaper_fault_never_makes_a_policy_dearer(log: ExitLog, fault: Fault) -> None:
    mask, stage_costs = (1 << (log.candidates - 1)) - 1, np.arange(1.0, 1.0 + log.candidates)
    path = priced_path(log, mask, stage_costs, fault)
    for cautious, bold in pairwise(path):
        assert mean_cost(log, mask, bold, stage_costs) <= mean_cost(log, mask, cautious, stage_costs) + 1e-9
        assert faults(log, mask, bold, fault) >= faults(log, mask, cautious, fault) - 1e-9


def test_thresholds_of_their_own_are_cheaper_than_one_level_for_all() -> None:
    log = plausible_log(6, 800, seed=3)
    mask, stage_costs = 0b10101, np.array([1.0, 2.0, 2.0, 1.0])
    start = policy_of(mask, threshold_levels(log, 20)[12])
    accuracy, cost = replay(log, mask, start).accuracy, mean_cost(log, mask, start, stage_costs)
    as_good = [p for p in priced_path(log, mask, stage_costs) if replay(log, mask, p).accuracy >= accuracy]
    assert min(mean_cost(log, mask, policy, stage_costs) for policy in as_good) < 0.99 * cost


def test_faults_that_are_expected_count_where_the_labels_chances_are_known() -> None:
    # The sure half is right by its labels; by everything that is known of them, hardly so.
    log = ExitLog(
        entropy_nats=np.array([[0.1, 0.1, 0.9, 0.9], [0.0, 0.0, 0.0, 0.0]]),
        predictions=np.array([[0, 0, 0, 0], [1, 1, 1, 1]]),
        labels=np.array([0, 0, 1, 1]),
    )
    doubted = replace(log, likely=np.tile([0.1, 0.9], (4, 1)))
    costs, price = np.array([1.0, 1.0]), [2.0]
    assert priced_path(log, 1, costs, prices=price) == [ExitPolicy((0.1,))]
    assert priced_path(doubted, 1, costs, prices=price) == [ExitPolicy((-np.inf,))]
    assert priced_path(doubted, 1, costs, "harmed", price) == [ExitPolicy((-np.inf,))]
    assert priced_path(log, 1, costs, "harmed", price) == [ExitPolicy((0.1,))]


def test_the_policies_go_by_the_score_of_their_log() -> None:
    log = replace(plausible_log(3, 60, seed=0), score="margin")
    assert {policy.score for policy in priced_path(log, 0b11, np.ones(3))} == {"margin"}


def test_a_fault_without_a_price_sends_everybody_out_and_one_beyond_price_nobody_wrongly() -> None:
    log = plausible_log(4, 200, seed=1)
    free, dear = (
        priced_path(log, 0b111, np.ones(4), "harmed", [0.0]),
        priced_path(log, 0b111, np.ones(4), "harmed", [1e6]),
    )
    assert replay(log, 0b111, free[0]).exit_shares[0] == 1.0
    assert replay(log, 0b111, dear[0]).harm == 0.0
    assert log.labels.max() < CLASSES


def test_costs_of_another_number_of_stages_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"stage_costs must be \(3 stages,\)"):
        priced_path(plausible_log(3, 50, seed=0), 0b11, np.ones(2))


def test_a_policy_that_minds_expected_harm_is_more_cautious_than_one_that_saw_none() -> None:
    log = plausible_log(3, 200, seed=0)
    nobody = replace(log, predictions=np.broadcast_to(log.labels, log.predictions.shape))  # every exit is right here
    mask, stage_costs = (1 << (log.candidates - 1)) - 1, np.ones(log.candidates)
    change = expected_change(nobody.entropy_nats, nobody.correct, nobody.full_right)
    bold, *_ = priced_path(nobody, mask, stage_costs, "wrong", [300.0])
    told = replace(nobody, change=change)
    cautious, *_ = priced_path(told, mask, stage_costs, "expected", [300.0])
    assert replay(nobody, mask, bold).exit_shares[0] == 1.0
    assert replay(nobody, mask, cautious).exit_shares[0] < 1.0


def test_a_log_that_does_not_know_what_harm_to_expect_is_refused() -> None:
    log = plausible_log(2, 50, seed=0)
    with pytest.raises(ShapeError, match="does not know what harm to expect"):
        priced_path(log, 0b1, np.ones(2), "expected")
