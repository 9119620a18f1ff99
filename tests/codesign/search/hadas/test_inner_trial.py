"""Trials say how near the exact front a search came, and when."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.hadas.clock_genes import ClockGenes
from codesign.search.hadas.inner_engine import InnerBudget, InnerSpace
from codesign.search.hadas.inner_trial import ExactFront, engines, inner_trial, snapped, volumes_after
from codesign.search.hadas.objectives import judge_of
from codesign.search.hadas.reported import dynamics_of
from codesign.search.inner import solve_inner
from codesign.search.outer_problem import front_points
from codesign.search.pareto import hypervolume
from tests.codesign.search.records import record, solver

BACKBONE = record((0,), candidates=6, skill=0.7)


def problem(evaluations: int) -> tuple[dict, ExactFront]:
    wanted = solver(levels=6)
    dynamics = dynamics_of(BACKBONE, wanted)
    front = solve_inner(
        BACKBONE.log, wanted.thresholds((BACKBONE,)), wanted.pricing.exited((BACKBONE,)), wanted.pricing.points
    )
    space = InnerSpace(dynamics.exits, ClockGenes(wanted.pricing.points), dynamics.levels, 0)
    points = front_points(front)
    exact = ExactFront(points, points.max(axis=0) * 1.5)
    return dict(engines(space, judge_of(dynamics, "real"), InnerBudget(evaluations, 20))), exact


def test_whoever_evaluates_everything_finds_the_exact_front() -> None:
    some, exact = problem(5 * 10**4)
    trial = inner_trial(some["nsga2"], 0, exact)
    assert trial.hypervolume_share == pytest.approx(1.0, rel=1e-9)
    assert trial.coverage == 1.0
    assert trial.igd_plus == pytest.approx(0.0, abs=1e-9)
    assert (trial.rod_exact_over_found, trial.rod_found_over_exact) == (0.0, 0.0)


@pytest.mark.parametrize("engine", ["nsga2", "random"])
def test_fewer_evaluations_come_no_further_than_the_exact_front(engine: str) -> None:
    some, exact = problem(100)
    trial = inner_trial(some[engine], 1, exact)
    assert trial.evaluations == 100
    assert 0 < trial.hypervolume_share <= 1 + 1e-9
    assert trial.rod_found_over_exact == 0.0
    assert trial.evaluations_to_95 is None or trial.evaluations_to_95 <= (trial.evaluations_to_98 or 100)
    assert set(trial.to_json()) >= {"hypervolume", "igd_plus", "coverage", "evaluations_to_95", "seconds"}


def test_the_hypervolume_after_each_evaluation_is_that_of_all_before() -> None:
    values, reference = np.random.default_rng(0).random((40, 2)), np.asarray([0.9, 0.8])
    volumes = volumes_after(values, reference)
    for count in range(1, 41):
        assert volumes[count - 1] == pytest.approx(hypervolume(values[:count], reference), rel=1e-12)


def test_rounding_makes_no_difference_and_more_does() -> None:
    exact = np.asarray([[0.1, 3.0], [0.2, 2.0]])
    found = snapped(np.asarray([[0.1, 3.0 + 1e-12], [0.2 + 1e-6, 2.0 - 1e-13]]), exact)
    np.testing.assert_array_equal(found, [[0.1, 3.0], [0.2 + 1e-6, 2.0]])
