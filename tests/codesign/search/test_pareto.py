"""codesign/search/pareto.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from codesign.search import pareto
from codesign.search.pareto import (
    Staircase,
    dominated_by,
    hypervolume,
    nondominated_2d,
    nondominated_3d,
    ratio_of_dominance,
)
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ShapeError


def few_values(objectives: int) -> st.SearchStrategy[FloatArray]:
    """Tables with many ties and duplicates."""
    shape = st.tuples(st.integers(0, 40), st.just(objectives))
    return hnp.arrays(np.float64, shape, elements=st.integers(0, 5).map(float))


def brute_force_front(points: FloatArray) -> set[int]:
    """Indices of points that nothing dominates; of equal ones the first."""
    front = set()
    for i, p in enumerate(points):
        dominated = any((q <= p).all() and (q < p).any() for q in points)
        repeated = any((points[j] == p).all() for j in range(i))
        if not dominated and not repeated:
            front.add(i)
    return front


@settings(deadline=None)
@given(few_values(2))
def test_two_objectives_agree_with_brute_force(points: FloatArray) -> None:
    front = nondominated_2d(points[:, 0], points[:, 1])
    assert len(front) == len(set(front.tolist()))
    assert set(front.tolist()) == brute_force_front(points)
    assert (np.diff(points[front, 0]) > 0).all()


@settings(deadline=None)
@given(few_values(3))
def test_three_objectives_agree_with_brute_force(points: FloatArray) -> None:
    front = nondominated_3d(points[:, 0], points[:, 1], points[:, 2])
    assert len(front) == len(set(front.tolist()))
    assert set(front.tolist()) == brute_force_front(points)


@settings(deadline=None)
@given(few_values(3), st.sampled_from([1, 2, 3, 5]))
def test_the_front_does_not_depend_on_how_blocks_are_cut(points: FloatArray, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pareto, "FIRST_BLOCK", block)
        patch.setattr(pareto, "LARGEST_BLOCK", 2 * block)
        assert set(nondominated_3d(*points.T).tolist()) == brute_force_front(points)


@pytest.mark.parametrize("decimals", [1, 12])
def test_many_points_agree_with_pairwise_dominance(decimals: int) -> None:
    points = np.round(np.random.default_rng(5).random((30_000, 3)), decimals)
    front = nondominated_3d(*points.T)
    unique = np.unique(points, axis=0)
    expected = unique[~dominated_by(unique, points[front])]  # what no front point beats ...
    np.testing.assert_array_equal(np.unique(points[front], axis=0), expected)  # ... is the front, no more and no less
    assert not dominated_by(points[front], points[front]).any()


def test_a_front_of_everything_keeps_everything() -> None:
    x, y = np.random.default_rng(0).random((2, 20_000))
    assert nondominated_3d(x, y, 2.0 - x - y).size == 20_000


@settings(deadline=None)
@given(few_values(2), few_values(2))
def test_a_staircase_covers_what_one_of_its_points_reaches(reached: FloatArray, asked: FloatArray) -> None:
    half = len(reached) // 2
    stair = Staircase.empty().extended(*reached[:half].T).extended(*reached[half:].T)
    expected = [any((r <= a).all() for r in reached) for a in asked]
    assert stair.covers(asked[:, 0], asked[:, 1]).tolist() == expected


def test_hypervolume_of_two_steps() -> None:
    points = np.array([[1.0, 3.0], [2.0, 1.0], [2.5, 2.0], [9.0, 0.0]])  # the third is dominated, the fourth outside
    assert hypervolume(points, np.array([4.0, 4.0])) == pytest.approx(1.0 * 1.0 + 2.0 * 3.0)
    assert hypervolume(points[3:], np.array([4.0, 4.0])) == 0.0


@settings(deadline=None)
@given(few_values(2))
def test_a_third_objective_of_one_thickness_changes_no_hypervolume(points: FloatArray) -> None:
    flat = hypervolume(points, np.array([6.0, 6.0]))
    thick = hypervolume(np.column_stack([points, np.zeros(len(points))]), np.array([6.0, 6.0, 1.0]))
    assert thick == pytest.approx(flat)


@settings(deadline=None)
@given(few_values(3), few_values(3))
def test_more_points_never_lower_the_hypervolume(points: FloatArray, more: FloatArray) -> None:
    reference = np.array([5.0, 4.0, 6.0])
    assert hypervolume(np.concatenate([points, more]), reference) >= hypervolume(points, reference) - 1e-9


def test_ratio_of_dominance_is_counted_over_theirs() -> None:
    ours = np.array([[1.0, 1.0]])
    theirs = np.array([[1.0, 1.0], [2.0, 1.0], [0.0, 5.0], [3.0, 3.0]])
    assert ratio_of_dominance(ours, theirs) == 0.5
    assert ratio_of_dominance(theirs, ours) == 0.0


def test_ill_shaped_objectives_are_refused() -> None:
    with pytest.raises(ShapeError, match="equal length"):
        nondominated_2d(np.zeros(2), np.zeros(3))
    with pytest.raises(ShapeError, match="not finite"):
        nondominated_3d(np.zeros(1), np.zeros(1), np.array([np.nan]))
    with pytest.raises(ShapeError, match="two tables"):
        dominated_by(np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(ShapeError, match="same objectives"):
        hypervolume(np.zeros((1, 2)), np.zeros(3))
    with pytest.raises(ShapeError, match="empty front"):
        ratio_of_dominance(np.zeros((1, 2)), np.zeros((0, 2)))
