"""codesign/search/joint_board.py"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from codesign.search.joint_board import MOST_POINTS, JointBoard, joint_pricing
from codesign.search.pricing import Pricing
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.cost import block_costs, overhead_costs
from runtime.contract.errors import ConfigError
from runtime.contract.work import NO_WORK, Work

BOARDS = ("orin-nano-super", "tx2")
WORKS = (Work(1e7, 1e6, 5.0), Work(1e5, 3e6, 2.0), NO_WORK)


@dataclass(frozen=True)
class Made:
    joint: Pricing
    boards: tuple[Pricing, ...]

    @property
    def model(self) -> JointBoard:
        assert isinstance(self.joint.model, JointBoard)
        return self.joint.model


def pricing(name: str) -> Pricing:
    board = profile(name)
    return Pricing(
        SimulatedBoard(board, "gpu"), board.points("gpu"), board.default_point("gpu"), board.max_point("gpu")
    )


def made(weights: tuple[float, ...] = (1.0, 1.0), allowed: tuple[tuple[int, ...] | None, ...] = (None, None)) -> Made:
    boards = tuple(pricing(name) for name in BOARDS)
    return Made(joint_pricing(boards, weights, allowed), boards)


def test_energy_is_the_weighted_mean_and_latency_that_of_the_slowest_board() -> None:
    found = made((1.0, 2.0))
    points = found.joint.points
    latency_s, energy_j = block_costs(found.model, WORKS, points)
    of_each = [[found.model.choices[point][number] for point in points] for number in range(2)]
    each = [block_costs(board.model, WORKS, of) for board, of in zip(found.boards, of_each, strict=True)]
    np.testing.assert_allclose(latency_s, np.maximum(each[0][0], each[1][0]))
    weights = found.model.weights
    np.testing.assert_allclose(energy_j, weights[0] * each[0][1] + weights[1] * each[1][1], atol=1e-15)
    overhead_s, overhead_j = overhead_costs(found.model, points)
    overheads = [overhead_costs(board.model, of) for board, of in zip(found.boards, of_each, strict=True)]
    np.testing.assert_allclose(overhead_s, np.maximum(overheads[0][0], overheads[1][0]))
    np.testing.assert_allclose(overhead_j, weights[0] * overheads[0][1] + weights[1] * overheads[1][1])
    assert (found.model.idle_w(points) > 0).all()
    assert sum(weights) == pytest.approx(1.0)


def test_every_board_keeps_clocks_of_its_own_and_the_named_ones_are_among_them() -> None:
    found = made()
    assert len(found.joint.points) <= MOST_POINTS + 2
    for number, board in enumerate(found.boards):
        assert {of[number] for of in found.model.choices.values()} <= set(board.points)
        for name in ("default", "fastest"):
            joint = found.joint.points[getattr(found.joint, name)]
            assert found.model.choices[joint][number] == board.points[getattr(board, name)]
    assert len(set(found.model.choices.values())) == len(found.joint.points)


def test_for_work_of_every_kind_the_offered_points_come_near_the_best_of_the_board() -> None:
    found = made()
    for number, board in enumerate(found.boards):
        offered = [board.points.index(point) for point in {of[number] for of in found.model.choices.values()}]
        for macs, moved in ((1e6, 1e5), (5e6, 3e6), (1e8, 1e7)):
            joules = block_costs(board.model, [Work(macs, moved, 6.0)], board.points)[1][0]
            assert joules[offered].min() <= 1.02 * joules.min()


def test_points_that_are_left_out_are_not_offered() -> None:
    allowed = tuple(range(0, len(pricing(BOARDS[1]).points), 7))
    found = made(allowed=(None, allowed))
    named = {found.boards[1].points[at] for at in (found.boards[1].default, found.boards[1].fastest)}
    kept = {found.boards[1].points[index] for index in allowed}
    assert {of[1] for of in found.model.choices.values()} <= kept | named


def test_it_says_what_it_stands_for() -> None:
    model = made().model
    assert model.hardware == "orin-nano-super gpu, VDD_IN, simulated and tx2 gpu, VDD_IN, simulated"
    assert model.kind.value == "simulated"
    assert model.assumptions()


@pytest.mark.parametrize("weights", [(1.0,), (1.0, 0.0), (1.0, -1.0)])
def test_weights_that_mean_nothing_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="one weight above zero each"):
        made(weights)
