"""Tests of kernels around landmarks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from codesign.predict.house.smooth_part import LENGTHS, SmoothPart

RNG = np.random.default_rng(0)
DENSE = np.concatenate([RNG.normal(size=(20, 3)) * [1.0, 100.0, 1.0], np.ones((20, 1))], axis=1)


def test_a_landmark_is_wholly_like_itself_at_every_length() -> None:
    part = SmoothPart.around(slice(0, 4), DENSE, DENSE[:5])
    for kernel in part.kernels(DENSE[:5]):
        assert np.diag(kernel) == pytest.approx(np.ones(5))


def test_the_squared_length_falls_by_four_from_kernel_to_kernel() -> None:
    kernels = SmoothPart.around(slice(0, 4), DENSE, DENSE[:5]).kernels(DENSE)
    assert len(kernels) == LENGTHS
    for longer, shorter in pairwise(kernels):
        assert np.log(longer) * 4 == pytest.approx(np.log(shorter))


def test_at_the_median_distance_the_longest_kernel_is_exp_of_minus_a_thirtysecond() -> None:
    kernel = SmoothPart.around(slice(0, 4), DENSE, DENSE).kernels(DENSE)[0]
    assert np.median(np.log(kernel[np.triu_indices(20, 1)])) == pytest.approx(-1 / 32)


def test_the_scale_of_a_column_does_not_matter() -> None:
    stretched = DENSE * [1.0, 1e6, 1.0, 1.0]
    one, other = (SmoothPart.around(slice(0, 4), dense, dense[:5]).kernels(dense)[2] for dense in (DENSE, stretched))
    assert one == pytest.approx(other)


def test_columns_that_never_differ_say_nothing_even_where_they_differ_later() -> None:
    part = SmoothPart.around(slice(0, 4), DENSE, DENSE[:5])
    assert part.kernels(DENSE + np.array([0.0, 0.0, 0.0, 7.0]))[3] == pytest.approx(part.kernels(DENSE)[3])


def test_samples_that_are_all_the_same_give_finite_kernels() -> None:
    same = np.ones((4, 3))
    assert np.isfinite(SmoothPart.around(slice(0, 3), same, same).kernels(same)).all()


def test_moved_landmarks_keep_the_distances() -> None:
    part = SmoothPart.around(slice(0, 4), DENSE, DENSE[:5])
    assert part.moved_to(DENSE[:5]).kernels(DENSE)[1] == pytest.approx(part.kernels(DENSE)[1])
