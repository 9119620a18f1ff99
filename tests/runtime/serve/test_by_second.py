"""What an image costs, second by second."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.serve.by_second import LATEST, MOST_SECONDS, WARMING_S, BySecond


def filled(energies_j: np.ndarray, images: int = 10) -> BySecond:
    costs = BySecond(0.0)
    for second, energy_j in enumerate(energies_j):
        for _ in range(images):  # one by one, as requests are answered
            costs.add(WARMING_S + second + 0.5, float(energy_j), 1)
    return costs


def test_too_few_seconds_say_nothing() -> None:
    assert filled(np.full(19, 0.01)).per_image(20) is None


def test_what_is_metered_just_after_a_change_is_left_out() -> None:
    costs = BySecond(100.0)
    costs.add(101.0, 9.0, 1)
    costs.add(103.0, 0.5, 1)
    found = costs.per_image(1)
    assert found is not None
    assert (found.mean, found.seconds) == (0.5, 1)


def test_images_of_one_second_share_one_reading_and_make_the_mean_no_surer() -> None:
    random = np.random.default_rng(3)
    energies_j = random.normal(0.01, 0.001, 100)
    few, many = (filled(energies_j, images).per_image(20) for images in (1, 50))
    assert few is not None
    assert many is not None
    assert few.mean == pytest.approx(many.mean)
    assert few.error == pytest.approx(many.error) == pytest.approx(0.0001, rel=0.25)


def test_the_error_is_that_of_the_mean_over_repetitions() -> None:
    random = np.random.default_rng(4)
    means, errors = [], []
    for _ in range(200):
        costs = BySecond(0.0)
        for second in range(50):
            images = int(random.integers(1, 30))
            costs.add(3.0 + second, images * random.normal(0.01, 0.002), images)
        found = costs.per_image(20)
        assert found is not None
        means.append(found.mean)
        errors.append(found.error)
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.2)


def test_old_seconds_are_forgotten() -> None:
    found = filled(np.concatenate([np.full(10, 5.0), np.full(MOST_SECONDS, 1.0)]), images=1).per_image(20)
    assert found is not None
    assert (found.mean, found.seconds) == (1.0, MOST_SECONDS)


def test_the_median_is_known_at_once_and_is_of_the_latest() -> None:
    costs = BySecond(0.0)
    for cost in (1.0, 2.0, 9.0):
        costs.add(0.1, cost, 1)
    assert costs.median(4) is None
    assert costs.median(3) == 2.0
    for _ in range(LATEST):
        costs.add(0.2, 6.0, 2)
    assert costs.median(3) == 3.0
