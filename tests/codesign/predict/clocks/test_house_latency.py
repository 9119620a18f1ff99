"""codesign/predict/clocks/house_latency.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.clocks.clock_cells import CORES, CPU, EMC, GPU, RATE, ClockCells
from codesign.predict.clocks.house_latency import Axes, HouseLatency
from tests.codesign.predict.clocks.grids import cpu_cells, relative_errors, roofline_cells

EVERY_OTHER = np.arange(12) % 2 == 0


def test_half_of_a_grid_tells_the_other_half() -> None:
    cells = roofline_cells()
    fitted = HouseLatency().fit([cells.of(EVERY_OTHER)])[0]
    unseen = cells.of(~EVERY_OTHER)
    assert relative_errors(fitted.predict(unseen.columns), unseen.values).max() < 0.02
    assert fitted.simplified is None


def test_what_the_equation_cannot_say_is_learned_from_many_cells() -> None:
    rng = np.random.default_rng(0)
    cpu_hz, gpu_hz, cores = rng.uniform(4e8, 2e9, 150), rng.uniform(2e8, 1.3e9, 150), rng.integers(1, 5, 150) * 1.0
    values = (
        3e6 / gpu_hz + 2e6 / cpu_hz**1.1 * 8.0 / np.sqrt(cores) + 0.002
    )  # neither power of its variable is modelled
    cells = ClockCells("b", "w", {CORES: cores, CPU: cpu_hz, GPU: gpu_hz}, values)
    train = np.arange(150) < 100
    unseen = cells.of(~train)
    predicted = HouseLatency().fit([cells.of(train)])[0].predict(unseen.columns)
    assert relative_errors(predicted, unseen.values).mean() < 0.01


@pytest.mark.parametrize("held_still", [GPU, EMC])
def test_one_clock_alone_is_enough(held_still: str) -> None:
    cells = roofline_cells()
    cells = cells.of(cells.columns[held_still] == cells.columns[held_still][0])
    fitted = HouseLatency().fit([cells])[0]
    assert relative_errors(fitted.predict(cells.columns), cells.values).max() < 0.02


def test_a_board_without_a_gpu_is_fitted_over_its_cpu() -> None:
    cells = cpu_cells()
    train = np.array([True, True, False, True, False, True, False, True])
    unseen = cells.of(~train)
    predicted = HouseLatency().fit([cells.of(train)])[0].predict(unseen.columns)
    assert relative_errors(predicted, unseen.values).max() < 0.02


def test_clocks_that_were_held_still_predict_the_middle_of_what_was_seen() -> None:
    cells = ClockCells(
        "b", "w", {GPU: np.full(3, 1e9), RATE: np.array([1.0, 2.0, 3.0])}, np.array([0.01, 0.011, 0.012])
    )
    fitted = HouseLatency().fit([cells])[0]
    assert fitted.residual is None
    assert fitted.predict(cells.columns) == pytest.approx(np.full(3, 0.011), rel=0.01)


def test_a_single_cell_is_met_and_the_help_of_priors_is_told() -> None:
    cells = roofline_cells()
    one = cells.of(np.arange(12) == 4)
    fitted = HouseLatency().fit([cells, one])[1]
    assert fitted.predict(one.columns) == pytest.approx(one.values, rel=0.02)
    assert fitted.simplified == ("1 cells for 4 parameters: priors and the board's other workloads decide the rest")


def test_axes_are_the_clocks_that_move_in_standard_deviations() -> None:
    cells = roofline_cells()
    axes = Axes.of([cells])
    points = axes.points(cells.columns)
    assert list(axes.middle) == [GPU, EMC]
    assert points.mean(axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)
    assert points.std(axis=0) == pytest.approx([1.0, 1.0])
