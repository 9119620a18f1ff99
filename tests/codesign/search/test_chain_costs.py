"""codesign/search/chain_costs.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.search.chain_costs import ChainCosts, joined
from codesign.search.chain_works import stages_of
from runtime.contract.cost import stage_costs
from runtime.contract.errors import ShapeError
from tests.codesign.search.chains import FormulaBoard, backbone_works, operating_points, random_case


@pytest.mark.parametrize("sizes", [(4,), (3, 2), (1, 1, 2)])
def test_every_design_costs_what_its_stages_cost(sizes: tuple[int, ...]) -> None:
    case = random_case(7, sizes)
    for mask in range(1 << (sum(sizes) - 1)):
        stages = stages_of(case.chain, mask)
        expected = stage_costs(FormulaBoard(), stages, case.points)
        costs = case.costs.stage_costs(mask)
        np.testing.assert_allclose(costs.latency_s, expected.latency_s, rtol=1e-12)
        np.testing.assert_allclose(costs.energy_j, expected.energy_j, rtol=1e-12)
        np.testing.assert_array_equal(costs.idle_w, expected.idle_w)
        np.testing.assert_allclose(case.costs.stage_macs(mask), [stage.macs for stage in stages])


def test_costs_at_some_points_are_columns_of_the_costs_at_all() -> None:
    case = random_case(3, (3, 2))
    some = case.costs.at_points(np.array([5, 1]))
    whole, part = case.costs.stage_costs(0b101), some.stage_costs(0b101)
    np.testing.assert_array_equal(part.energy_j, whole.energy_j[:, [5, 1]])
    np.testing.assert_array_equal(part.latency_s, whole.latency_s[:, [5, 1]])
    assert some.points == 2


def test_chains_can_be_joined_of_chains() -> None:
    rng = np.random.default_rng(0)
    points = operating_points(2)
    one, two, three = (ChainCosts.from_works(FormulaBoard(), points, backbone_works(rng, n)) for n in (1, 3, 2))
    at_once, in_steps = joined([one, two, three]), joined([joined([one, two]), three])
    assert at_once.backbone.tolist() == [0, 1, 1, 1, 2, 2]
    np.testing.assert_array_equal(at_once.backbone, in_steps.backbone)
    np.testing.assert_array_equal(at_once.segment_energy_j, in_steps.segment_energy_j)


def test_parts_of_different_boards_are_refused() -> None:
    costs = random_case(0, (2,)).costs
    with pytest.raises(ShapeError, match="differ in idle_w"):
        joined([costs, replace(costs, idle_w=costs.idle_w + 1.0)])
    with pytest.raises(ShapeError, match="at least one backbone"):
        joined([])


def test_what_is_no_cost_is_refused() -> None:
    costs = random_case(0, (2,)).costs
    with pytest.raises(ShapeError, match="segment_energy_j holds a negative"):
        replace(costs, segment_energy_j=-costs.segment_energy_j)
    with pytest.raises(ShapeError, match="head_latency_s holds a negative or non-finite"):
        replace(costs, head_latency_s=costs.head_latency_s * np.nan)
    with pytest.raises(ShapeError, match=r"head_energy_j must be \(2, 8\)"):
        replace(costs, head_energy_j=costs.head_energy_j[:1])
    with pytest.raises(ShapeError, match="numbered 0, 0"):
        replace(costs, backbone=np.array([0, 2]))
