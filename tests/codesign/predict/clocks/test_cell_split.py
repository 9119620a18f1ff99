"""codesign/predict/clocks/cell_split.py"""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.clocks.cell_split import training_cells
from codesign.predict.clocks.clock_cells import EMC, GPU, ClockCells
from tests.codesign.predict.clocks.grids import roofline_cells


def gpu_cells(count: int) -> ClockCells:
    return ClockCells("b", "w", {GPU: np.linspace(1e8, 1e9, count)}, np.ones(count))


@settings(deadline=None)
@given(st.integers(2, 40), st.floats(0.01, 0.99), st.integers(0, 99))
def test_something_is_fitted_on_and_something_held_out(count: int, fraction: float, seed: int) -> None:
    chosen = training_cells(gpu_cells(count), fraction, np.random.default_rng(seed))
    assert chosen.shape == (count,)
    assert 1 <= chosen.sum() <= count - 1
    assert abs(int(chosen.sum()) - fraction * count) <= 1.0


def test_every_emc_clock_gives_its_share() -> None:
    cells = roofline_cells()
    chosen = training_cells(cells, 0.5, np.random.default_rng(0))
    assert [int(chosen[cells.columns[EMC] == hz].sum()) for hz in np.unique(cells.columns[EMC])] == [2, 2, 2]


def test_emc_clocks_with_a_single_cell_are_drawn_among() -> None:
    cells = ClockCells("b", "w", {EMC: np.array([2e8, 6e8, 2e9, 3e9])}, np.ones(4))
    draws = [training_cells(cells, 0.75, np.random.default_rng(seed)) for seed in range(20)]
    assert {int(chosen.sum()) for chosen in draws} == {3}
    assert np.any([~chosen for chosen in draws], axis=0).all()  # each is held out at some time


def test_the_only_cell_of_an_emc_clock_is_fitted_on() -> None:
    cells = ClockCells("b", "w", {EMC: np.array([2e8, 2e9, 2e9, 2e9, 2e9])}, np.ones(5))
    for seed in range(5):
        chosen = training_cells(cells, 0.5, np.random.default_rng(seed))
        assert chosen[0]
        assert chosen[1:].sum() == 2


def test_another_seed_draws_other_cells() -> None:
    one, other = (training_cells(gpu_cells(20), 0.5, np.random.default_rng(seed)) for seed in (0, 1))
    assert one.tolist() != other.tolist()
