"""codesign/refine/served_mix.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.refine.served_mix import LEAST, Reported, effective_samples, mix_weights

TAKEN = np.repeat([0, 1, 2], [600, 300, 100])


def shares(weights: np.ndarray, taken: np.ndarray = TAKEN) -> np.ndarray:
    return np.bincount(taken, weights) / weights.sum()


def test_weighted_images_leave_as_served_ones_do() -> None:
    weights = mix_weights(1000, [Reported(TAKEN, (200_000, 400_000, 400_000))])
    assert shares(weights) == pytest.approx([0.2, 0.4, 0.4], abs=1e-3)
    assert weights.mean() == pytest.approx(1.0)


def test_two_modes_are_met_at_once() -> None:
    other = np.random.default_rng(0).permutation(TAKEN)
    weights = mix_weights(
        1000, [Reported(TAKEN, (500_000, 300_000, 200_000)), Reported(other, (700_000, 200_000, 100_000))]
    )
    assert shares(weights) == pytest.approx([0.5, 0.3, 0.2], abs=2e-3)
    assert shares(weights, other) == pytest.approx([0.7, 0.2, 0.1], abs=2e-3)


def test_without_reports_or_with_a_handful_of_images_all_count_alike() -> None:
    assert (mix_weights(1000, []) == 1.0).all()
    assert (mix_weights(1000, [Reported(TAKEN, (LEAST - 1, 0, 0))]) == 1.0).all()


def test_an_exit_that_no_labelled_image_takes_is_met_as_far_as_it_can_be() -> None:
    weights = mix_weights(1000, [Reported(np.zeros(1000, dtype=int), (500_000, 500_000))])
    assert weights == pytest.approx(np.ones(1000))


def test_no_image_stands_for_more_than_a_few() -> None:
    taken = np.repeat([0, 1], [999, 1])
    weights = mix_weights(1000, [Reported(taken, (0, 10**7))])
    assert weights.max() / weights.min() <= 20.0**2 + 1e-6
    assert effective_samples(weights) < 1000
