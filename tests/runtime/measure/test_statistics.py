"""The middle share of the runs is what counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.measure.statistics import latency_stats, middle, relative_difference

LATENCIES = st.lists(st.floats(1e-5, 10.0), min_size=10, max_size=60).map(np.array)


def test_of_150_runs_the_fastest_and_the_slowest_fifth_do_not_count() -> None:
    samples_s = np.arange(1.0, 151.0)
    kept = middle(samples_s[::-1], 0.6)
    assert (kept[0], kept[-1], len(kept)) == (31.0, 120.0, 90)


def test_outliers_move_nothing_but_the_95th_percentile() -> None:
    quiet = np.full(100, 0.002)
    loud = quiet.copy()
    loud[:10] = 1.0
    calm, shaken = latency_stats(quiet, 0.6), latency_stats(loud, 0.6)
    assert (calm.median_s, calm.mean_s, calm.spread) == (shaken.median_s, shaken.mean_s, shaken.spread)
    assert shaken.p95_s == 1.0
    assert (shaken.runs, shaken.kept) == (100, 60)


def test_at_least_one_run_stays() -> None:
    assert len(middle(np.array([3.0, 1.0, 2.0]), 0.01)) == 1
    assert middle(np.array([3.0, 1.0, 2.0]), 0.01)[0] == 2.0


def test_a_clock_that_stands_still_divides_by_nothing() -> None:
    assert latency_stats(np.zeros(10), 0.6).spread == 0.0
    assert relative_difference(0.0, 1.0) == 0.0


@given(LATENCIES, LATENCIES)
def test_a_longer_prefix_is_never_faster(first_s: np.ndarray, second_s: np.ndarray) -> None:  # type: ignore[type-arg]
    runs = min(len(first_s), len(second_s))
    short_s = first_s[:runs]
    long_s = short_s + second_s[:runs]
    assert latency_stats(short_s, 0.6).median_s <= latency_stats(long_s, 0.6).median_s
    assert latency_stats(short_s, 0.6).p95_s <= latency_stats(long_s, 0.6).p95_s


def test_a_difference_is_a_share_of_the_smaller() -> None:
    assert relative_difference(2.0, 2.2) == pytest.approx(0.1)
    assert relative_difference(2.2, 2.0) == pytest.approx(0.1)
