from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.fleet.clusters import Clusters, each_a_cluster, rejected


def of(found: list[float], total: list[float]) -> Clusters:
    f, t = np.array(found), np.array(total)
    return Clusters(len(f), f.sum(), t.sum(), (f * f).sum(), (f * t).sum(), (t * t).sum())


def test_the_variance_is_that_of_the_mean_over_clusters_where_they_are_of_one_size() -> None:
    found = [3.0, 5.0, 4.0, 8.0]
    clusters = of(found, [10.0] * 4)
    assert clusters.ratio == 0.5
    assert clusters.variance == pytest.approx(np.var(np.array(found) / 10.0, ddof=1) / 4)


def test_boards_become_clusters_of_what_they_add_up_to() -> None:
    boards = [of([1.0, 2.0], [4.0, 4.0]), of([5.0], [10.0])]
    assert each_a_cluster(boards) == of([3.0, 5.0], [8.0, 10.0])


def test_within_the_tolerance_nothing_is_surprising_and_one_cluster_says_nothing() -> None:
    assert of([4.0, 4.0, 4.0], [10.0] * 3).p_value(0.41, 0.02) == 1.0
    assert of([9.0], [10.0]).p_value(0.1, 0.02) == 1.0
    assert math.isnan(of([], []).ratio)
    assert of([0.0], [0.0]).p_value(0.1, 0.0) == 1.0


def test_clusters_that_all_say_the_same_are_as_sure_as_what_was_expected() -> None:
    same = of([4.0, 4.0, 4.0], [10.0] * 3)
    assert same.p_value(0.3, 0.02) == pytest.approx(0.0, abs=1e-9)
    assert same.p_value(0.3, 0.02, 0.08**2 / 1.96**2) == pytest.approx(0.05, rel=1e-3)  # normal: nothing else varies


def test_the_larger_part_of_the_variance_says_how_sure_the_variance_is() -> None:
    spread = of([3.5, 4.0, 4.5], [10.0] * 3)
    alone, with_reference = spread.p_value(0.3, 0.0), spread.p_value(0.3, 0.0, 1e-9)
    assert with_reference == pytest.approx(alone, rel=1e-3)
    surer = of([399.9, 400.0, 400.1], [1000.0] * 3)  # between clusters next to nothing
    assert surer.p_value(0.3, 0.0, 0.02**2) == pytest.approx(5.7e-7, rel=0.05)  # five standard errors of a normal


@given(seed=st.integers(0, 10_000))
def test_uniform_p_values_are_rejected_no_more_often_than_asked(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p_values = rng.random(50).tolist()
    assert any(rejected(p_values, 0.01)) == (min(p_values) <= 0.01 / 50)


def test_holm_goes_on_as_long_as_the_next_is_surprising_among_what_is_left() -> None:
    assert rejected([0.02, 0.001, 0.5, 0.013], 0.05) == [True, True, False, True]
    assert rejected([0.03, 0.001, 0.5, 0.02], 0.05) == [False, True, False, False]
    assert rejected([], 0.05) == []


def test_a_fleet_without_drift_is_called_drifting_as_seldom_as_stated() -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(400):
        reference = rng.binomial(1500, 0.3) / 1500  # what the bundle expects has an error, too
        p_values = []
        for _ in range(10):
            shares = rng.beta(60, 140, size=20)  # scenes
            found = rng.binomial(900, shares).astype(float)
            p_values.append(
                of(found.tolist(), [900.0] * 20).p_value(reference, 0.0, reference * (1 - reference) / 1500)
            )
        wrong += any(rejected(p_values, 0.05))
    assert wrong <= 30  # 20 expected at most
