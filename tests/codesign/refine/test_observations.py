"""codesign/refine/observations.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.refine.observations import IDLE, POWER, TIME, observations_of
from runtime.contract.cost import stage_costs
from tests.codesign.refine.fleet import ONE, POINTS, SERVED, STAGES, equations, served_costs, true_board

EQUATIONS = equations()


def test_every_cell_is_a_row_of_its_kind() -> None:
    observed = observations_of(served_costs(), {SERVED: STAGES}, EQUATIONS)
    counts = np.bincount(observed.kind, minlength=3)
    assert counts[[TIME, POWER, IDLE]].tolist() == [3 * len(POINTS) * len(STAGES), 3 * len(POINTS), 0]
    assert observed.units == ("a", "b", "c")


def test_cells_of_few_images_are_not_heard() -> None:
    observed = observations_of(served_costs(), {SERVED: STAGES}, EQUATIONS, least_rows=400)
    assert np.bincount(observed.kind).tolist() == [3 * len(POINTS), 3 * len(POINTS)]  # the first exit, and all together


def test_the_true_board_predicts_what_was_served() -> None:
    served = served_costs(units={"a": (1.0, 1.0, 1.0)}, points=ONE, factors={}, noise=0.0)
    observed = observations_of(served, {SERVED: STAGES}, EQUATIONS)
    costs = EQUATIONS.costs(observed.pieces, observed.points, np.zeros(EQUATIONS.size))
    said, by = observed.predicted(costs)
    assert said == pytest.approx(observed.value, abs=1e-9)
    assert by.shape == (len(observed), EQUATIONS.size)
    told = stage_costs(true_board({}), STAGES, ONE)
    assert np.exp(observed.value[observed.kind == IDLE]) == pytest.approx(told.idle_w)


def test_the_more_images_the_surer_a_cell() -> None:
    observed = observations_of(served_costs(), {SERVED: STAGES}, EQUATIONS)
    time = observed.kind == TIME
    order = np.argsort(observed.images[time])
    assert (np.diff(observed.variance[time][order]) <= 1e-12).all()
