"""codesign/refine/spending.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.refine.refined_board import refined_board
from codesign.refine.spending import Run, doubts, ratio_variance, reasons, saving, spending
from runtime.contract.cost import expected_costs, served_energy_j, stage_costs
from tests.codesign.refine.fleet import BOARD, ONE, POINTS, STAGES, UNITS, Unit, joules, posterior, shares, true_board

FAR = BOARD.points("gpu")[0]


def at(point: object) -> Run:
    return Run(STAGES, shares(), point)  # type: ignore[arg-type]


def test_what_is_spent_is_what_the_refined_board_says() -> None:
    board = refined_board(posterior(), "", ())
    told = spending(posterior(), at(POINTS[0]), POINTS)
    costs = stage_costs(board, STAGES, POINTS)
    seconds, spent_j = expected_costs(shares(), costs)
    assert np.exp(told.ln_s) == pytest.approx(seconds)
    assert np.exp(told.ln_j) == pytest.approx(spent_j, rel=2e-3)  # entering a stage shares the clocks' effect


def test_as_served_waiting_is_spent_too() -> None:
    board = refined_board(posterior(), "", ())
    costs = stage_costs(board, STAGES, POINTS)
    seconds, spent_j = expected_costs(shares(), costs)
    told = spending(posterior(), at(POINTS[0]), POINTS, requests_per_s=5.0)
    assert np.exp(told.ln_j) == pytest.approx(served_energy_j(spent_j, seconds, costs.idle_w, 5.0), rel=2e-3)


@pytest.mark.parametrize("rate", [None, 5.0])
def test_what_it_changes_by_with_what_was_learnt_is_what_a_step_changes(rate: float | None) -> None:
    from dataclasses import replace

    found = posterior()
    here = spending(found, at(POINTS[0]), POINTS[:2], requests_per_s=rate, unit="b")
    step = 1e-4 * np.random.default_rng(0).normal(size=found.layout.size)
    there = spending(replace(found, mean=found.mean + step), at(POINTS[0]), POINTS[:2], requests_per_s=rate, unit="b")
    assert there.ln_j - here.ln_j == pytest.approx(here.by_j @ step, abs=2e-6)


def test_clocks_that_were_served_carry_no_doubt_and_far_ones_much() -> None:
    told = doubts(posterior(), at(POINTS[0]), [POINTS[0], POINTS[1], FAR], 1.0)
    assert told[POINTS[0]] == pytest.approx((1.0, 1.0), abs=1e-3)
    assert 1.0 < told[POINTS[1]][1] < told[FAR][1]


def test_where_one_clock_was_served_others_are_doubted_more() -> None:
    one, many = (doubts(posterior(points), at(POINTS[0]), [POINTS[3]], 1.0) for points in (ONE, POINTS))
    assert one[POINTS[3]][1] > 2.0 * many[POINTS[3]][1] - 1.0


def test_a_saving_lies_in_its_interval_on_the_truth() -> None:
    units = [Unit(true_board(), *own) for own in UNITS.values()]
    inside = 0
    others = [*POINTS[1:], *BOARD.points("gpu")[::211]]
    for other in others:
        told = saving(posterior(), at(POINTS[0]), at(other))
        spent_j = [np.mean([joules(unit, [point])[0] for unit in units]) for point in (POINTS[0], other)]
        assert told.low <= told.expected <= told.high
        inside += told.low <= 1.0 - spent_j[1] / spent_j[0] <= told.high
    assert inside >= 0.8 * len(others)


def test_nothing_is_saved_by_staying_and_that_is_certain() -> None:
    told = saving(posterior(), at(POINTS[0]), at(POINTS[0]))
    assert told.expected == pytest.approx(0.0, abs=1e-9)
    assert told.low == pytest.approx(0.0, abs=2e-3)
    assert not told.sure


def test_images_that_might_have_been_others_widen_the_interval() -> None:
    narrow, wide = (
        saving(posterior(), at(POINTS[0]), at(POINTS[1]), sampling_variance=variance) for variance in (0.0, 0.01)
    )
    assert wide.high - wide.low > narrow.high - narrow.low


def test_two_designs_that_every_image_leaves_alike_have_no_sampling_variance() -> None:
    image_j = np.asarray([1.0, 2.0, 3.0])
    assert ratio_variance(image_j, 2.0 * image_j, np.ones(3)) == pytest.approx(0.0)
    assert ratio_variance(image_j, image_j[::-1], np.ones(3)) > 0.1


def test_reasons_add_up_to_what_was_learnt_about_a_change() -> None:
    told = reasons(posterior(), at(POINTS[0]), at(POINTS[3]))
    before, after = (spending(posterior(), at(point), [point]) for point in (POINTS[0], POINTS[3]))
    assert sum(told.values()) == pytest.approx(float((after.by_j[0] - before.by_j[0]) @ posterior().mean))
    assert list(map(abs, told.values())) == sorted(map(abs, told.values()), reverse=True)
