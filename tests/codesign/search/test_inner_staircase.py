"""codesign/search/inner_staircase.py: the front in three objectives, in chunks of any size (see also test_inner.py)."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search import inner_screen, inner_staircase
from codesign.search.inner_counts import level_counts
from codesign.search.inner_energy import energy_front
from codesign.search.inner_grid import Grid, InnerLimits, grid_of
from codesign.search.inner_rows import Found
from codesign.search.inner_staircase import three_objective_front
from codesign.search.pareto import dominated_by
from runtime.contract.arrays import FloatArray
from tests.codesign.search.chains import Case, random_case

CASE = random_case(11, (3, 2), per_axis=3, levels=5, samples=90, noisy_costs=True)


def grid_for(case: Case, limits: InnerLimits | None = None) -> Grid:
    return grid_of(case.costs, case.log.samples, limits or InnerLimits(), served=False, latency_is_an_objective=True)


def front_of(case: Case, limits: InnerLimits | None = None) -> Found:
    grid = grid_for(case, limits)
    return three_objective_front(grid, level_counts(case.log, case.thresholds_nats, grid.masks))


def objectives(front: Found) -> FloatArray:
    return np.stack([-front.right.astype(float), front.energy_j, front.latency_s], axis=1)


@pytest.mark.parametrize(("first", "largest"), [(1, 16), (64, 64), (1 << 20, 1 << 20)])
def test_the_size_of_the_chunks_changes_nothing(monkeypatch: pytest.MonkeyPatch, first: int, largest: int) -> None:
    expected = front_of(CASE)
    monkeypatch.setattr(inner_staircase, "FIRST_ENTRIES", first)
    monkeypatch.setattr(inner_staircase, "CHUNK_ENTRIES", largest)
    found = front_of(CASE)
    for name in ("level", "mask", "point", "right"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_no_design_beats_another_and_the_most_accurate_comes_first() -> None:
    found = front_of(CASE)
    assert not dominated_by(objectives(found), objectives(found)).any()
    assert (np.diff(found.right) <= 0).all()
    assert len(np.unique(found.right)) > 1


def test_it_holds_the_front_of_accuracy_and_energy_alone() -> None:
    grid = grid_for(CASE)
    two = energy_front(grid, level_counts(CASE.log, CASE.thresholds_nats, grid.masks))
    three = front_of(CASE)
    for right, energy_j in zip(two.right, two.energy_j, strict=True):
        as_good = (three.right >= right) & (three.energy_j <= energy_j * (1 + 1e-12))
        assert as_good.any()


def test_limits_that_leave_nothing_leave_an_empty_front() -> None:
    assert front_of(CASE, InnerLimits(requests_per_s=1e9)).right.size == 0


@pytest.mark.parametrize("seed", range(6))
def test_screening_rows_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case = random_case(seed, (4, 2), per_axis=4, levels=4, samples=120, noisy_costs=True)
    expected = front_of(case)
    monkeypatch.setattr(inner_screen, "FEW_POINTS", 0)
    monkeypatch.setattr(inner_staircase, "FIRST_ENTRIES", 64)
    monkeypatch.setattr(inner_staircase, "CHUNK_ENTRIES", 2048)
    found = front_of(case)
    for name in ("level", "mask", "point", "right"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    for name in ("energy_j", "latency_s"):  # a product of fewer rows may be summed in another order
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-14)
