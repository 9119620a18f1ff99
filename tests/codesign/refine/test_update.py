"""codesign/refine/update.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.refine.observations import observations_of
from codesign.refine.refined_board import refined_board
from codesign.refine.update import updated
from codesign.refine.variances import UNIT_ACTIVE, UNIT_IDLE, UNIT_TIME
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.errors import DataError
from tests.codesign.refine.fleet import (
    BOARD,
    DEVICE,
    ONE,
    POINTS,
    SERVED,
    STAGES,
    UNITS,
    Unit,
    equations,
    joules,
    posterior,
    served_costs,
    true_board,
)

FLEET = [Unit(true_board(), *own) for own in UNITS.values()]


def fleet_joules(points: tuple) -> np.ndarray:
    return np.mean([joules(unit, points) for unit in FLEET], axis=0)


def test_served_at_several_clocks_joules_are_right_to_one_per_cent() -> None:
    truth = fleet_joules(POINTS)
    before = np.abs(joules(SimulatedBoard(BOARD, DEVICE), POINTS) / truth - 1.0).mean()
    after = np.abs(joules(refined_board(posterior(), "", ()), POINTS) / truth - 1.0).mean()
    assert after < 0.01 < 0.07 < before


def test_clocks_that_nobody_served_at_are_right_too() -> None:
    elsewhere = BOARD.points(DEVICE)[::37]
    truth = fleet_joules(elsewhere)
    before = np.abs(joules(SimulatedBoard(BOARD, DEVICE), elsewhere) / truth - 1.0).mean()
    after = np.abs(joules(refined_board(posterior(), "", ()), elsewhere) / truth - 1.0).mean()
    assert after < 0.03 < before


def test_a_term_that_telemetry_speaks_of_is_better_known_than_before() -> None:
    found = posterior()
    names = [term.name for term in found.equations.terms]
    number = names.index("core_active_w")
    sd = float(np.sqrt(found.covariance[number, number]))
    assert sd < 0.5 * found.equations.terms[number].prior_sd
    assert abs(found.mean[number] - np.log(1.25)) < 2.5 * sd


def test_at_one_clock_alone_terms_stay_uncertain() -> None:
    one, many = posterior(ONE), posterior()
    terms = len(one.equations.terms)
    assert np.diag(one.covariance)[:terms].sum() > np.diag(many.covariance)[:terms].sum()


def test_units_are_told_apart() -> None:
    found = posterior()
    groups = found.layout.groups
    for column, name in enumerate((UNIT_TIME, UNIT_IDLE, UNIT_ACTIVE)):
        own = np.log([factors[column] for factors in UNITS.values()])
        learnt = found.mean[groups[name]]
        assert learnt - learnt.mean() == pytest.approx(own - own.mean(), abs=0.025)


def test_one_unit_far_off_hardly_moves_what_all_have_in_common() -> None:
    many = {f"u{k}": (1.0, 1.0, 1.0) for k in range(8)} | {"odd": (1.0, 1.4, 1.4)}
    told = equations()
    found = updated(told, observations_of(served_costs(units=many), {SERVED: STAGES}, told))
    alike = joules(Unit(true_board(), 1.0, 1.0, 1.0), POINTS)
    assert np.abs(joules(refined_board(found, "", ()), POINTS) / alike - 1.0).max() < 0.05


def test_a_cell_that_cannot_be_does_not_move_the_others() -> None:
    served = served_costs()
    odd = replace(served.times[0], median_s=5.0 * served.times[0].median_s)
    told = equations()
    found = updated(told, observations_of(replace(served, times=(odd, *served.times[1:])), {SERVED: STAGES}, told))
    truth = fleet_joules(POINTS)
    assert np.abs(joules(refined_board(found, "", ()), POINTS) / truth - 1.0).mean() < 0.015


def test_a_board_as_it_was_shipped_stays_as_it_was_shipped() -> None:
    served = served_costs(units={"a": (1.0, 1.0, 1.0), "b": (1.0, 1.0, 1.0)}, factors={})
    told = equations()
    found = updated(told, observations_of(served, {SERVED: STAGES}, told))
    shipped = SimulatedBoard(BOARD, DEVICE)
    assert joules(refined_board(found, "", ()), POINTS) == pytest.approx(joules(shipped, POINTS), rel=0.005)


def test_nothing_served_teaches_nothing() -> None:
    told = equations()
    with pytest.raises(DataError, match="no cell of the telemetry holds enough images"):
        updated(told, observations_of(served_costs(), {SERVED: STAGES}, told, least_rows=10**9))
