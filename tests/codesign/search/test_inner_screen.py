"""The screen leaves out only rows that the staircase covers everywhere, and on a long staircase nearly all of those."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.search import inner_screen
from codesign.search.inner_grid import Grid, InnerLimits, grid_of
from codesign.search.inner_screen import RowScreen, row_screen
from codesign.search.pareto import Staircase
from tests.codesign.search.chains import random_case


def grid(seed: int, *, served: bool = False) -> Grid:
    case = random_case(seed, (4,), per_axis=3, noisy_costs=True)
    limits = InnerLimits(requests_per_s=0.1)
    return grid_of(case.costs, case.log.samples, limits, served=served, latency_is_an_objective=True)


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([1.0, 1e-4, 1e-7]))
def test_a_row_that_is_left_out_is_covered_at_every_point(seed: int, served: bool, spread: float) -> None:
    rng = np.random.default_rng(seed)
    problem = grid(seed % 50, served=served)
    counts = rng.integers(0, 40, (len(problem.energy_prices_j), 60)).astype(float)
    energy_j = problem.energies(counts)
    latency_s = counts.T @ problem.latency_prices_s / problem.samples
    # Steps among the costs themselves, drawn together to see what rounding does, so that ties and near ties occur.
    stair = Staircase.empty().extended(
        np.median(energy_j) + spread * (rng.choice(energy_j.ravel(), 12) - np.median(energy_j)),
        np.median(latency_s) + spread * (rng.choice(latency_s.ravel(), 12) - np.median(latency_s)),
    )
    open_rows = RowScreen(problem).open_rows(stair, counts)
    covered = stair.covers(energy_j, latency_s).all(axis=1)
    assert not (~open_rows & ~covered).any()


def test_it_leaves_out_most_rows_that_are_covered() -> None:
    rng, problem = np.random.default_rng(0), grid(1)
    counts = rng.integers(0, 40, (len(problem.energy_prices_j), 400)).astype(float)
    energy_j = problem.energies(counts)
    latency_s = counts.T @ problem.latency_prices_s / problem.samples
    first = np.linspace(energy_j.min() * 0.5, energy_j.max(), 200)
    stair = Staircase(first, np.linspace(np.quantile(latency_s, 0.3), np.quantile(latency_s, 0.01), 200))
    covered = stair.covers(energy_j, latency_s).all(axis=1)
    left_out = ~RowScreen(problem).open_rows(stair, counts)
    assert covered.sum() > 20
    assert left_out.sum() > 0.9 * covered.sum()


@pytest.mark.parametrize("stair", [Staircase.empty(), Staircase(np.asarray([1e-9]), np.asarray([1e-9]))])
def test_a_staircase_of_one_step_leaves_out_nothing(stair: Staircase) -> None:
    assert RowScreen(grid(0)).open_rows(stair, np.ones((len(grid(0).energy_prices_j), 3))).all()


def test_there_is_a_screen_only_where_it_pays_and_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert row_screen(grid(0)) is None  # few points
    monkeypatch.setattr(inner_screen, "FEW_POINTS", 5)
    assert isinstance(row_screen(grid(0)), RowScreen)
    dear_to_wait = grid(0, served=True)
    if (dear_to_wait.energy_prices_j < 0).any():
        assert row_screen(dear_to_wait) is None
