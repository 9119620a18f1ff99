"""codesign/predict/clocks/roofline_fit.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks.clock_cells import EMC, GPU, ClockCells
from codesign.predict.clocks.roofline import SHARPNESS, LogPeriods, active_parameters, log_latency
from codesign.predict.clocks.roofline_fit import Observed, fit_rooflines
from tests.codesign.predict.clocks.grids import roofline_cells

REFERENCE = {GPU: 6e8, EMC: 1.5e9}
ACTIVE = active_parameters((GPU, EMC))


def observed(cells: ClockCells) -> Observed:
    log_s = np.log(cells.values)
    return Observed(LogPeriods.of(cells.columns, REFERENCE), log_s - log_s.mean())


def errors(parameters: np.ndarray, cells: ClockCells) -> np.ndarray:
    seen = observed(cells)
    return np.abs(log_latency(parameters, seen.periods)[0] - seen.log_latency)


def test_an_exact_roofline_is_found() -> None:
    cells = roofline_cells()
    found = fit_rooflines([observed(cells)], ACTIVE)[0]
    assert errors(found, cells).max() < 0.003
    assert np.exp(found[SHARPNESS]) == pytest.approx(3.0, rel=0.2)


def test_one_odd_cell_does_not_bend_the_others() -> None:
    cells = roofline_cells()
    odd = cells.values.copy()
    odd[5] *= 1.3
    found = fit_rooflines([observed(ClockCells("b", "w", cells.columns, odd))], ACTIVE)[0]
    predicted, _ = log_latency(found, observed(cells).periods)
    off = predicted - np.log(cells.values)
    assert np.ptp(np.delete(off, 5)) < 0.02


def test_a_workload_with_few_cells_takes_its_sharpness_from_the_board() -> None:
    others = [roofline_cells(f"w{i}", 3e6 * (1 + i), 8e6, sharpness=10.0) for i in range(3)]
    few = roofline_cells("few", 2e6, 6e6, sharpness=10.0)
    few = few.of(np.isin(np.arange(12), (0, 11)))  # both far from the corner: nothing says how sharp it is
    alone = fit_rooflines([observed(few)], ACTIVE)[0]
    among = fit_rooflines([observed(one) for one in [*others, few]], ACTIVE)[-1]
    assert among[SHARPNESS] > alone[SHARPNESS] + 0.3


def test_fewer_cells_than_parameters_are_met_all_the_same() -> None:
    cells = roofline_cells().of(np.isin(np.arange(12), (1, 6)))
    found = fit_rooflines([observed(cells)], ACTIVE)[0]
    assert np.isfinite(found).all()
    assert errors(found, cells).max() < 0.01


def test_without_a_clock_that_moved_only_the_constant_is_fitted() -> None:
    cells = ClockCells("b", "w", {GPU: np.full(2, 1e9)}, np.full(2, 0.01))
    still = Observed(LogPeriods.of(cells.columns, {}), np.zeros(2))
    found = fit_rooflines([still], active_parameters(()))[0]
    assert log_latency(found, still.periods)[0] == pytest.approx([0.0, 0.0], abs=0.001)
