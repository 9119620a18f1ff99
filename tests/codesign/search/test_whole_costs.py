"""Blocks scaled to predicted wholes: sums are what is predicted, wherever a backbone is cut."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from codesign.search.backbone_record import Genome
from codesign.search.pricing import Pricing
from codesign.search.whole_costs import Board, Factors, PredictedBoard, WholeCosts
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.cost import overhead_costs
from runtime.contract.errors import BoardError, DataError
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from tests.codesign.search.chains import FormulaBoard
from tests.codesign.search.records import POINTS, pricing, record

ONE, OTHER = record((0,)), record((1,), size=3.0)
PREDICTED_S: dict[Genome, float] = {(0,): 0.5, (1,): 0.7}
AT = 3


def predicted(unit: Literal["s", "j"] = "s", point: OperatingPoint = POINTS[AT], share: float = 1.0) -> Pricing:
    whole = WholeCosts(lambda genome: share * PREDICTED_S[genome], unit, point)
    return Pricing(FormulaBoard(), POINTS, POINTS[0], POINTS[-1], whole)


def test_a_static_network_costs_what_is_predicted_at_the_predictors_point() -> None:
    for each in (ONE, OTHER):
        assert predicted().static(each).latency_s[0, AT] == pytest.approx(PREDICTED_S[each.genome], rel=1e-12)
        assert predicted("j").static(each).energy_j[0, AT] == pytest.approx(PREDICTED_S[each.genome], rel=1e-12)


def test_seconds_scale_joules_with_them_and_joules_scale_nothing_else() -> None:
    plain, by_s, by_j = pricing(), predicted("s"), predicted("j")
    factors = by_s.factors(ONE)
    assert factors.latency == factors.energy != 1.0
    assert by_j.factors(ONE).latency == 1.0
    np.testing.assert_array_equal(by_j.static(ONE).latency_s, plain.static(ONE).latency_s)
    _, overhead_j = overhead_costs(FormulaBoard(), POINTS)
    expected_j = overhead_j + factors.energy * (plain.static(ONE).energy_j - overhead_j)
    np.testing.assert_allclose(by_s.static(ONE).energy_j, expected_j, rtol=1e-12)


def test_cutting_changes_no_total() -> None:
    prices = predicted()
    whole = prices.exited([ONE]).stage_costs(0)
    np.testing.assert_allclose(whole.latency_s, prices.static(ONE).latency_s, rtol=1e-12)
    cut, heads = prices.exited([ONE]).stage_costs(0b11), prices.exited([ONE])
    overhead_s, _ = overhead_costs(FormulaBoard(), POINTS)
    extra = heads.head_latency_s[:2].sum(axis=0) + 2 * overhead_s
    np.testing.assert_allclose(cut.latency_s.sum(axis=0) - extra, whole.latency_s[0], rtol=1e-12)


def test_clocks_change_blocks_as_the_boards_model_has_it() -> None:
    overhead_s, _ = overhead_costs(FormulaBoard(), POINTS)
    before, after = pricing().static(ONE).latency_s[0] - overhead_s, predicted().static(ONE).latency_s[0] - overhead_s
    np.testing.assert_allclose(after / after[0], before / before[0], rtol=1e-9)


def test_each_backbone_of_a_chain_has_a_factor_of_its_own() -> None:
    prices = predicted()
    chain = prices.exited([ONE, OTHER])
    np.testing.assert_array_equal(chain.segment_latency_s[:3], prices.exited([ONE]).segment_latency_s)
    np.testing.assert_array_equal(chain.segment_latency_s[3:], prices.exited([OTHER]).segment_latency_s)
    assert prices.factors(ONE) != prices.factors(OTHER)


def test_without_a_predictor_nothing_is_scaled() -> None:
    assert pricing().factors(ONE) == Factors()
    costs = pricing().exited([ONE])
    assert pricing().scaled(costs, ONE) is costs


@pytest.mark.parametrize("share", [1e-12, float("nan")])
def test_less_than_entering_one_stage_costs_is_refused(share: float) -> None:
    with pytest.raises(DataError, match="by the predictor, but entering one stage"):
        predicted(share=share).static(ONE)


def test_a_point_that_the_board_does_not_have_is_refused() -> None:
    with pytest.raises(BoardError, match=r"the predictor's operating point .* is not one of the 8"):
        predicted(point=OperatingPoint(111_000_000, 222_000_000, 333_000_000))


def test_a_predicted_board_is_its_model_but_for_what_it_calls_itself() -> None:
    model: Board = SimulatedBoard(profile("orin-nano"), "gpu")
    points = profile("orin-nano").points("gpu")[:2]
    board = PredictedBoard(model, "here", ("said first",))
    works = ONE.static.blocks
    assert (board.kind, board.hardware) == (Kind.PREDICTED, "here")
    assert board.assumptions() == ("said first", *model.assumptions())
    np.testing.assert_array_equal(board.latency_s(works, points), model.latency_s(works, points))
    np.testing.assert_array_equal(board.busy_w(works, points), model.busy_w(works, points))
    np.testing.assert_array_equal(board.stage_overhead_s(points), model.stage_overhead_s(points))
    np.testing.assert_array_equal(board.stage_overhead_w(points), model.stage_overhead_w(points))
    np.testing.assert_array_equal(board.idle_w(points), model.idle_w(points))
