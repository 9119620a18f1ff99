"""Prices are those of the one cost accounting, worked out once per backbone."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.chain_works import stages_of
from codesign.search.pricing import Pricing
from runtime.contract.cost import CostModel, stage_costs
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint
from tests.codesign.search.chains import FormulaBoard
from tests.codesign.search.records import POINTS, pricing, record


def test_exits_and_static_networks_are_priced_as_the_contract_does() -> None:
    prices, chain = pricing(), (record((0,)), record((1,), size=3.0))
    for mask in (0, 0b00101, 0b11111):
        expected = stage_costs(FormulaBoard(), stages_of([r.works for r in chain], mask), POINTS)
        found = prices.exited(chain).stage_costs(mask)
        np.testing.assert_allclose(found.energy_j, expected.energy_j, rtol=1e-12)
        np.testing.assert_allclose(found.latency_s, expected.latency_s, rtol=1e-12)
    expected = stage_costs(FormulaBoard(), [chain[0].static], POINTS)
    np.testing.assert_array_equal(prices.static(chain[0]).energy_j, expected.energy_j)


def test_each_backbone_is_priced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    really = FormulaBoard.latency_s

    def counted(self: FormulaBoard, works: object, points: object) -> object:
        calls.append(1)
        return really(self, works, points)  # type: ignore[arg-type]

    monkeypatch.setattr(FormulaBoard, "latency_s", counted)
    prices, one, two = pricing(), record((0,)), record((1,))
    prices.exited((one, two))
    prices.static(one)
    asked = len(calls)
    prices.exited((two, one))
    prices.exited((one,))
    prices.static(one)
    assert len(calls) == asked > 0


def test_a_chain_is_ordered_from_cheap_to_dear_at_default_clocks_each_backbone_once() -> None:
    cheap_to_dear = tuple(record((number,), size=1.0 + number) for number in range(8))
    mixed = [cheap_to_dear[number] for number in (5, 0, 3, 7, 0, 1, 6, 4, 2, 3)]
    assert pricing().ordered(mixed) == cheap_to_dear


def test_backbones_of_one_price_are_ordered_whatever_the_order_given() -> None:
    one, two = record((0,)), record((1,))
    assert pricing().ordered([one, two]) == pricing().ordered([two, one])


def test_full_depth_is_the_sum_of_the_static_networks_at_default_clocks() -> None:
    prices, chain = pricing(), (record((0,)), record((1,), size=2.0))
    latency_s, energy_j = prices.full_depth(chain)
    assert latency_s == pytest.approx(sum(prices.static(r).latency_s[0, prices.default] for r in chain))
    assert energy_j == pytest.approx(sum(prices.static(r).energy_j[0, prices.default] for r in chain))
    assert prices.points[prices.default] == POINTS[0]
    assert prices.points[prices.fastest] == POINTS[-1]


@pytest.mark.parametrize("name", ["default", "fastest"])
def test_a_named_point_that_cannot_be_chosen_is_refused(name: str) -> None:
    model: CostModel = FormulaBoard()
    stranger = OperatingPoint(111_000_000, 222_000_000, 333_000_000)
    points = {"default": POINTS[0], "fastest": POINTS[-1], name: stranger}
    with pytest.raises(BoardError, match=f"the {name} operating point .*GPU 222.* is not one of the 8 to choose from"):
        Pricing(model, POINTS, points["default"], points["fastest"])
