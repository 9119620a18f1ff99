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


def first_alarm(shares: Any, batches: int, seed: int, rules: DriftRules | None = None) -> int | None:
    """After how many images, if at all."""
    rng, monitor = np.random.default_rng(seed), DriftMonitor(REFERENCE, rules)
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
    margin = 3.3 * np.sqrt(0.3 * 0.7 / 1500) + 0.01
    edge = SHARES + np.array([margin, -margin / 4, -margin / 4, -margin / 4, -margin / 4])
    times = [first_alarm(edge, 2500, seed, DriftRules(patience=patience)) for seed in range(40)]
    mean_batches = np.mean([2500 if images is None else images / BATCH for images in times])
    assert mean_batches >= patience


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
    assert (monitor.alarm.exit_index, monitor.alarm.expected) == (1, 0.1)
    assert monitor.alarm.found > 0.9
    assert "left at exit 1" in monitor.alarm.sentence()
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


def test_rules_that_cannot_be_meant_are_refused() -> None:
    with pytest.raises(ConfigError, match="drift rules cannot be meant"):
        DriftRules(patience=1.0)
