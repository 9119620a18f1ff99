"""Reported designs are judged as the exact solver judges its own, limits included."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.hadas.dynamics import Designs
from codesign.search.hadas.reported import at_every_level, dynamics_of, judged_front
from codesign.search.inner import EnergyKind
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from tests.codesign.search.records import POINTS, record, solver

BACKBONE = record((3,), candidates=4, skill=0.7)


def everything(levels: int) -> Designs:
    masks, points = np.arange(8), np.arange(len(POINTS))
    return at_every_level(
        Designs(np.repeat(masks, points.size), np.tile(points, masks.size), np.zeros(64, dtype=np.int64)), levels
    )


def values(front: InnerFront) -> np.ndarray:
    columns = np.stack([front.accuracy, front.energy_j, front.latency_s, front.worst_latency_s], axis=1)
    return columns[np.lexsort(columns.T)]


@pytest.mark.parametrize("energy", ["back_to_back", "served"])
@pytest.mark.parametrize("limited", ["nothing", "exits", "worst latency", "accuracy"])
def test_all_designs_judged_are_the_exact_front(energy: EnergyKind, limited: str) -> None:
    limits = {
        "nothing": InnerLimits(requests_per_s=5.0),
        "exits": InnerLimits(max_exits=1, requests_per_s=5.0),
        "worst latency": InnerLimits(max_worst_latency_s=0.09, requests_per_s=5.0),
        "accuracy": InnerLimits(min_accuracy=0.8, requests_per_s=5.0),
    }[limited]
    wanted = solver(limits, energy=energy)
    exact, dynamics = wanted((BACKBONE,)), dynamics_of(BACKBONE, wanted)
    found = judged_front(BACKBONE, dynamics, everything(dynamics.levels), wanted)
    assert exact is not None
    assert found is not None
    np.testing.assert_allclose(values(found), values(exact), rtol=1e-12)


def test_designs_that_no_limit_allows_make_no_front() -> None:
    for limits in (InnerLimits(max_worst_latency_s=1e-9), InnerLimits(min_accuracy=1.0)):
        wanted = solver(limits)
        dynamics = dynamics_of(BACKBONE, wanted)
        assert judged_front(BACKBONE, dynamics, everything(dynamics.levels), wanted) is None


def test_a_choice_of_exits_and_clocks_is_met_once_at_every_level() -> None:
    twice = Designs(np.asarray([5, 5, 2]), np.asarray([1, 1, 0]), np.asarray([0, 3, 0]))
    found = at_every_level(twice, 3)
    met = set(zip(found.mask.tolist(), found.point.tolist(), found.level.tolist(), strict=True))
    assert met == {(mask, point, level) for mask, point in ((5, 1), (2, 0)) for level in range(3)}
    assert len(found) == 6
