"""What may be lost, counted on the same images, and the margin that a small sample asks for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.policy.requirement import Requirement, paired_loss
from runtime.contract.arrays import BoolArray
from runtime.contract.errors import ShapeError


@st.composite
def pairs(draw: st.DrawFn) -> tuple[BoolArray, BoolArray]:
    """Correct answers of two classifiers on the same images."""
    samples = draw(st.integers(1, 60))
    flags = st.lists(st.booleans(), min_size=samples, max_size=samples)
    return np.asarray(draw(flags)), np.asarray(draw(flags))


@given(pairs())
def test_the_loss_is_the_difference_of_the_accuracies(pair: tuple[BoolArray, BoolArray]) -> None:
    reference, right = pair
    assert paired_loss(reference, right).loss == pytest.approx(reference.mean() - right.mean(), abs=1e-12)


@given(pairs())
def test_the_error_is_that_of_the_mean_of_paired_differences(pair: tuple[BoolArray, BoolArray]) -> None:
    reference, right = pair
    difference = reference.astype(float) - right.astype(float)
    expected = difference.std() / np.sqrt(difference.size)
    assert paired_loss(reference, right).standard_error == pytest.approx(expected, abs=1e-9)


@given(pairs())
def test_exchanging_the_two_turns_the_sign_and_keeps_the_error(pair: tuple[BoolArray, BoolArray]) -> None:
    there, back = paired_loss(*pair), paired_loss(*reversed(pair))
    assert there.loss == -back.loss
    assert there.standard_error == back.standard_error


@given(pairs())
def test_a_classifier_loses_nothing_against_itself_and_surely(pair: tuple[BoolArray, BoolArray]) -> None:
    found = paired_loss(pair[0], pair[0])
    assert (found.loss, found.standard_error) == (0.0, 0.0)
    assert Requirement(pair[0], 0.0, 1.0).met_by(pair[0])


@given(pairs(), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_what_meets_a_requirement_meets_a_laxer_one(
    pair: tuple[BoolArray, BoolArray], one: float, other: float
) -> None:
    reference, right = pair
    strict, lax = sorted((one, other))
    if Requirement(reference, strict).met_by(right):
        assert Requirement(reference, lax).met_by(right)
        assert Requirement(reference, strict, standard_errors=0.5).met_by(right)


@given(pairs(), st.floats(0.0, 1.0), st.floats(0.0, 3.0))
def test_whatever_meets_a_requirement_is_at_least_as_accurate_as_its_bound(
    pair: tuple[BoolArray, BoolArray], max_loss: float, errors: float
) -> None:
    reference, right = pair
    wanted = Requirement(reference, max_loss, errors)
    if wanted.met_by(right):
        assert right.mean() >= wanted.min_accuracy - 1e-9


def test_one_lost_of_a_hundred_keeps_to_a_point_only_without_a_margin() -> None:
    reference = np.ones(100, dtype=bool)
    right = reference.copy()
    right[0] = False
    assert Requirement(reference, 0.01, standard_errors=0.0).met_by(right)
    assert not Requirement(reference, 0.01, standard_errors=1.0).met_by(right)
    assert Requirement(reference, 0.02, standard_errors=1.0).met_by(right)  # 0.01 lost, give or take 0.00995


def test_a_loss_that_gains_make_up_for_still_costs_a_margin() -> None:
    reference = np.asarray([True] * 50 + [False] * 50)
    right = np.roll(reference, 10)  # ten lost, ten gained
    assert Requirement(reference, 0.0, standard_errors=0.0).met_by(right)
    assert not Requirement(reference, 0.01, standard_errors=1.0).met_by(right)


@pytest.mark.parametrize("shapes", [((3,), (4,)), ((0,), (0,)), ((2, 2), (2, 2))])
def test_answers_on_other_images_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ShapeError, match=r"both must be \(samples,\) of the same images"):
        paired_loss(np.ones(shapes[0], dtype=bool), np.ones(shapes[1], dtype=bool))


@pytest.mark.parametrize(("expected", "met"), [(0.009, True), (0.01, True), (0.011, False)])
def test_no_more_may_be_expected_to_be_lost_than_is_allowed_although_nobody_was(expected: float, met: bool) -> None:
    right = np.ones(50, dtype=np.bool_)
    wanted = Requirement(right, 0.01, max_expected_loss=0.01)
    assert wanted.met_by(right, (np.full(50, expected), np.zeros(50))) is met


@pytest.mark.parametrize(("errors", "met"), [(0.0, True), (2.0, True), (3.0, False)])
def test_what_is_expected_to_be_gained_counts_as_far_as_it_is_sure(errors: float, met: bool) -> None:
    right = np.ones(800, dtype=np.bool_)
    wanted = Requirement(right, 0.01, errors, max_expected_loss=0.01)
    harmed, gained = np.full(800, 12 / 800), np.full(800, 8 / 800)  # 8 are gained, give or take 3
    assert wanted.met_by(right, (harmed, gained)) is met


def test_gains_that_are_not_sure_do_not_count_as_losses() -> None:
    right = np.ones(800, dtype=np.bool_)
    assert Requirement(right, 0.01, 2.0, max_expected_loss=0.01).met_by(right, (np.zeros(800), np.full(800, 1e-3)))


def test_a_network_without_exits_is_judged_by_what_was_counted_alone() -> None:
    right = np.ones(50, dtype=np.bool_)
    assert Requirement(right, 0.01, max_expected_loss=0.0).met_by(right)


def test_nobody_asks_what_is_expected_unless_told_to() -> None:
    right = np.ones(50, dtype=np.bool_)
    assert Requirement(right, 0.01).met_by(right, (np.ones(50), np.zeros(50)))
