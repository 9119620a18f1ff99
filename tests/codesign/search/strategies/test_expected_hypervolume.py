from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.search.pareto import hypervolume
from codesign.search.strategies.expected_hypervolume import boxes, expected_improvement
from runtime.contract.errors import ShapeError

CERTAIN = 1e-9


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(0, 6), st.integers(0, 10_000))
def test_a_certain_point_adds_what_the_hypervolume_says(objectives: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    front = rng.integers(0, 6, size=(points, objectives)).astype(float)  # ties and dominated points among them
    reference = np.full(objectives, 5.0)
    new = rng.random((4, objectives)) * 6.0
    gains = expected_improvement(boxes(front, reference), new, np.full_like(new, CERTAIN))
    before = hypervolume(front, reference)
    for point, gain in zip(new, gains, strict=True):
        assert abs(hypervolume(np.concatenate([front, point[None]]), reference) - before - gain) < 1e-6


@pytest.mark.parametrize("objectives", [1, 2, 3])
def test_an_uncertain_point_adds_the_mean_over_many_draws(objectives: int) -> None:
    rng = np.random.default_rng(objectives)
    front, reference = rng.random((5, objectives)), np.full(objectives, 1.1)
    mean, deviation = np.full((1, objectives), 0.4), np.full((1, objectives), 0.3)
    drawn = mean + deviation * rng.standard_normal((20_000, objectives))
    parts = boxes(front, reference)
    draws = expected_improvement(parts, drawn, np.full_like(drawn, CERTAIN))
    exact = expected_improvement(parts, mean, deviation)[0]
    assert abs(exact - draws.mean()) < 4 * draws.std() / np.sqrt(len(draws))


def test_without_a_front_everything_below_the_reference_is_to_be_gained() -> None:
    parts = boxes(np.zeros((0, 2)), np.array([2.0, 3.0]))
    gains = expected_improvement(parts, np.array([[1.0, 1.0], [5.0, 5.0]]), np.full((2, 2), CERTAIN))
    assert np.allclose(gains, [2.0, 0.0])


@pytest.mark.parametrize("front", [np.zeros((2, 4)), np.zeros((2, 3)), np.zeros(2)])
def test_other_numbers_of_objectives_are_refused(front: np.ndarray) -> None:
    with pytest.raises(ShapeError, match="one to three objectives are needed, got front"):
        boxes(front, np.zeros(4) if front.shape[-1] == 4 else np.zeros(2))
