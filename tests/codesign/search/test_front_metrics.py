from __future__ import annotations

import numpy as np
import pytest

from codesign.search.front_metrics import coverage, evaluations_to, igd_plus
from runtime.contract.errors import ShapeError

FRONT = np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])


def test_a_front_is_no_distance_from_itself_nor_from_what_dominates_it() -> None:
    assert igd_plus(FRONT, FRONT) == 0.0
    assert igd_plus(FRONT - 0.1, FRONT) == 0.0


def test_only_objectives_that_are_worse_count_as_distance() -> None:
    assert np.isclose(igd_plus(np.array([[0.0, 1.3]]), FRONT[:1]), 0.3)
    assert np.isclose(igd_plus(np.array([[-5.0, 1.3]]), FRONT[:1]), 0.3)
    assert np.isclose(igd_plus(np.array([[3.0, 5.0]]), FRONT[:1]), 5.0)


def test_coverage_counts_what_is_equalled_or_dominated() -> None:
    assert coverage(FRONT[:2], FRONT) == pytest.approx(2 / 3)
    assert coverage(FRONT, FRONT[:2]) == 1.0
    assert coverage(FRONT[:2] - 0.1, FRONT) == pytest.approx(2 / 3)


def test_evaluations_are_counted_from_one_and_never_reached_is_none() -> None:
    volumes = np.array([0.2, 0.5, 0.5, 0.9])
    assert [evaluations_to(volumes, target) for target in (0.1, 0.5, 0.9, 0.95)] == [1, 2, 4, None]


@pytest.mark.parametrize("metric", [igd_plus, coverage])
def test_fronts_that_cannot_be_compared_are_refused(metric: object) -> None:
    with pytest.raises(ShapeError, match=r"two tables \(points, objectives\) are needed"):
        metric(FRONT, np.zeros((2, 3)))  # type: ignore[operator]
    with pytest.raises(ShapeError, match="an empty front cannot be compared"):
        metric(FRONT[:0], FRONT)  # type: ignore[operator]
