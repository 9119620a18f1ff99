from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.telemetry.drift import BATCH, DriftMonitor, DriftRules

REFERENCE = ExpectedAnswers(((0.05, 0.2), (0.3,)), ((0.3, 0.25, 0.15), (0.2, 0.1)), 1500)
SHARES = np.array([0.3, 0.25, 0.15, 0.2, 0.1])


KNOWING = ExpectedAnswers(
    ((0.05, 0.2), (0.3,)), ((0.3, 0.25, 0.15), (0.2, 0.1)), 1500, ((0.01, 0.03, 0.1), (0.08, 0.35))
)


def first_alarm(
    shares: Any, batches: int, seed: int, rules: DriftRules | None = None, expected: ExpectedAnswers = REFERENCE
) -> int | None:
    """After how many images, if at all."""
    rng, monitor = np.random.default_rng(seed), DriftMonitor(expected, rules)
    for batch in range(batches):
        if monitor.answered_many(rng.multinomial(BATCH, shares), BATCH) is not None:
            return (batch + 1) * BATCH
    return None


def test_one_image_at_a_time_is_the_same_as_whole_batches() -> None:
    rng = np.random.default_rng(0)
    one, many = DriftMonitor(REFERENCE), DriftMonitor(REFERENCE)
    answers = [(0, 0.01), (0, 0.1), (0, 0.5), (1, 0.1), (1, 0.9)]
    for _ in range(20):
        counts = rng.multinomial(BATCH, SHARES)
        many.answered_many(counts, BATCH)
        for cell in rng.permutation(np.repeat(np.arange(5), counts)):
            one.answered(*answers[cell])
    assert one.level == pytest.approx(many.level)


@pytest.mark.parametrize("seed", range(4))
def test_within_the_band_there_is_no_alarm_for_days(seed: int) -> None:
    moved = SHARES + np.array([0.02, -0.02, 0.0, 0.01, -0.01])  # sampling error of the reference, and then some
    assert first_alarm(moved, 8000, seed) is None  # 400,000 images


def test_false_alarms_are_no_more_frequent_than_stated_even_at_the_edge_of_the_band() -> None:
    patience = 300.0
    first = DriftMonitor(REFERENCE).scores[0]
    edge = SHARES + (first.high - first.mean) * np.array([1.0, -1.0, 0.0, 0.0, 0.0])
    assert DriftMonitor(REFERENCE).within(edge - 1e-9 * np.array([1.0, -1.0, 0.0, 0.0, 0.0]))
    times = [first_alarm(edge, 2500, seed, DriftRules(patience=patience)) for seed in range(40)]
    mean_batches = np.mean([2500 if images is None else images / BATCH for images in times])
    assert mean_batches >= patience


@pytest.mark.parametrize("seed", range(8))
def test_faults_that_become_more_are_noticed_before_shares_tell_of_them(seed: int) -> None:
    harder = SHARES + np.array([-0.02, -0.02, -0.01, 0.0, 0.05])
    times = [first_alarm(harder, 400, seed, expected=expected) for expected in (REFERENCE, KNOWING)]
    assert times[1] is not None
    assert times[0] is None or times[1] < times[0]


@pytest.mark.parametrize("seed", range(4))
def test_fewer_faults_than_expected_are_no_alarm(seed: int) -> None:
    easier = SHARES + np.array([0.015, 0.01, 0.0, 0.0, -0.025])
    assert first_alarm(easier, 2000, seed, expected=KNOWING) is None


@pytest.mark.parametrize("seed", range(8))
def test_a_shift_of_twelve_points_between_cells_is_caught_within_two_thousand_images(seed: int) -> None:
    shifted = SHARES + np.array([-0.12, 0.0, 0.0, 0.04, 0.08])
    found = first_alarm(shifted, 200, seed)
    assert found is not None
    assert found <= 2000


def test_an_alarm_says_where_and_stays_until_reset() -> None:
    monitor = DriftMonitor(REFERENCE)
    while monitor.answered(1, 0.9) is None:
        continue
    assert monitor.alarm is not None
    assert monitor.alarm.expected == pytest.approx(0.9)  # all but the last cell
    assert monitor.alarm.found < 0.1
    assert "images left by exit 1, there with at most 0.3 nats, where 90.0% were expected" in monitor.alarm.sentence()
    monitor.answered(0, 0.0)
    assert monitor.alarm is not None
    monitor.reset()
    assert monitor.alarm is None
    assert monitor.level < 0


@given(counts=st.lists(st.integers(0, 30), min_size=5, max_size=5).filter(any))
def test_no_batch_breaks_it(counts: list[int]) -> None:
    monitor = DriftMonitor(REFERENCE)
    for _ in range(50):
        monitor.answered_many(counts, sum(counts))
    assert np.isfinite(monitor.level)


@pytest.mark.parametrize("changes", [{"patience": 1.0}, {"tolerance": -0.1}, {"standard_errors": -1.0}])
def test_rules_that_cannot_be_meant_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="drift rules cannot be meant"):
        DriftRules(**changes)


def test_where_all_answers_are_of_one_cell_there_is_nothing_to_drift() -> None:
    monitor = DriftMonitor(ExpectedAnswers(((),), ((1.0,),), 1500, ((0.1,),)))
    for _ in range(200):
        assert monitor.answered(0, 0.3) is None
    assert monitor.level < 0
    assert monitor.within(np.ones(1))


def test_faults_weigh_as_much_as_all_shares_together() -> None:
    assert DriftMonitor(REFERENCE).weights.sum() == pytest.approx(1.0)
    monitor = DriftMonitor(KNOWING)
    assert monitor.weights.sum() == pytest.approx(1.0)
    assert monitor.weights[-3:].sum() == pytest.approx(0.5)
