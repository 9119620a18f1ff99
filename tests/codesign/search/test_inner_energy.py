"""codesign/search/inner_energy.py: bounds decide only what is skipped (the fronts themselves: test_inner.py)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.search import inner_energy
from codesign.search.inner_columns import stop_and_pass_counts
from codesign.search.inner_counts import level_counts
from codesign.search.inner_energy import _SinglePrecision, energy_front
from codesign.search.inner_grid import Grid, InnerLimits, grid_of
from tests.codesign.search.chains import Case, random_case


def grid_for(case: Case, limits: InnerLimits | None = None, *, served: bool = False) -> Grid:
    return grid_of(case.costs, case.log.samples, limits or InnerLimits(), served=served, latency_is_an_objective=False)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31), st.booleans(), st.booleans())
def test_the_single_precision_bound_is_never_above_the_least_energy(seed: int, noisy: bool, served: bool) -> None:
    case = random_case(seed, (3, 2), per_axis=3, noisy_costs=noisy)
    rate = 0.5 / float(case.costs.stage_costs(0b1111).latency_s.sum(axis=0).max())
    grid = grid_for(case, InnerLimits(requests_per_s=rate), served=served)
    for counts in level_counts(case.log, case.thresholds_nats, grid.masks):
        table = stop_and_pass_counts(grid.layout, counts.passing, grid.masks)
        least_j = grid.energies(table).min(axis=1)
        bound_j = _SinglePrecision(grid).bound_j(table)
        assert (bound_j <= least_j).all()
        assert (bound_j >= least_j * (1 - 1e-3)).all()  # or it would screen nothing


def test_screening_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    case = random_case(5, (3, 3), per_axis=3, levels=6, samples=120, noisy_costs=True)
    grid = grid_for(case)
    plain = energy_front(grid, level_counts(case.log, case.thresholds_nats, grid.masks))
    monkeypatch.setattr(inner_energy, "FEW_POINTS", 0)
    screened = energy_front(grid, level_counts(case.log, case.thresholds_nats, grid.masks))
    for name in ("level", "mask", "point", "right", "energy_j"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(screened, name))


def test_the_front_falls_in_accuracy_and_in_energy() -> None:
    case = random_case(1, (4,), levels=5)
    grid = grid_for(case)
    front = energy_front(grid, level_counts(case.log, case.thresholds_nats, grid.masks))
    assert len(front.right) > 1
    assert (np.diff(front.right) < 0).all()
    assert (np.diff(front.energy_j) < 0).all()


def test_limits_that_leave_nothing_leave_an_empty_front() -> None:
    case = random_case(1, (3,))
    grid = grid_for(case, InnerLimits(min_accuracy=1.0))
    assert energy_front(grid, level_counts(case.log, case.thresholds_nats, grid.masks)).right.size == 0
