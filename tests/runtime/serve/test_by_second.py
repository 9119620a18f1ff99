"""Joules per image, second by second."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.serve.drawn import MOST_SECONDS, WARMING_S, Drawn


def filled(energies_j: np.ndarray, images: int = 10) -> Drawn:
    drawn = Drawn(0.0)
    for second, energy_j in enumerate(energies_j):
        for _ in range(images):  # one by one, as requests are answered
            drawn.add(WARMING_S + second + 0.5, float(energy_j), 1)
    return drawn


def test_too_few_seconds_say_nothing() -> None:
    assert filled(np.full(19, 0.01)).per_image(20) is None


def test_what_is_metered_just_after_a_change_is_left_out() -> None:
    drawn = Drawn(100.0)
    drawn.add(101.0, 9.0, 1)
    drawn.add(103.0, 0.5, 1)
    found = drawn.per_image(1)
    assert found is not None
    assert (found.energy_j, found.seconds) == (0.5, 1)


def test_images_of_one_second_share_one_reading_and_make_the_mean_no_surer() -> None:
    random = np.random.default_rng(3)
    energies_j = random.normal(0.01, 0.001, 100)
    few, many = (filled(energies_j, images).per_image(20) for images in (1, 50))
    assert few is not None
    assert many is not None
    assert few.energy_j == pytest.approx(many.energy_j)
    assert few.error_j == pytest.approx(many.error_j) == pytest.approx(0.0001, rel=0.25)


def test_the_error_is_that_of_the_mean_over_repetitions() -> None:
    random = np.random.default_rng(4)
    means, errors = [], []
    for _ in range(200):
        drawn = Drawn(0.0)
        for second in range(50):
            images = int(random.integers(1, 30))
            drawn.add(3.0 + second, images * random.normal(0.01, 0.002), images)
        found = drawn.per_image(20)
        assert found is not None
        means.append(found.energy_j)
        errors.append(found.error_j)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.2)


def test_old_seconds_are_forgotten() -> None:
    found = filled(np.concatenate([np.full(10, 5.0), np.full(MOST_SECONDS, 1.0)]), images=1).per_image(20)
    assert found is not None
    assert (found.energy_j, found.seconds) == (1.0, MOST_SECONDS)
