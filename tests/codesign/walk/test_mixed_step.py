"""codesign/walk/mixed_step.py"""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.pricing import Pricing
from codesign.stages.layers import weighed_layers
from codesign.walk.mixed_step import LayerTable, choose_layers, judge_layers
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from tests.codesign.small_networks import SPACE, exited_of, quiet, random_batch, small_exited_slice

EXITED = exited_of(small_exited_slice(SPACE.largest()))
TABLE = LayerTable(
    ("a", "b", "c"),
    sensitivity_nats=np.array([0.001, 0.004, 0.002]),
    all_changed=0.14,
    energy_j=np.array([[3.0, 1.0], [9.0, 2.0], [2.0, 1.5]]),
)


def pricing() -> Pricing:
    board = profile("orin-nano")
    points = board.points("cpu")
    return Pricing(SimulatedBoard(board, "cpu"), points, board.default_point("cpu"), board.max_point("cpu"))


@pytest.fixture(name="judged", scope="module")
def a_judged_network() -> LayerTable:
    return judge_layers(EXITED, pricing(), random_batch(16, seed=5).numpy(), random_batch(16, seed=4).numpy(), quiet)


@pytest.mark.parametrize("allowed", [0.0, 0.06, 0.08, 0.11, 0.12, 0.135, 1.0])
def test_the_choice_is_the_cheapest_that_the_surrogate_allows(allowed: float) -> None:
    found = choose_layers(TABLE, allowed)
    costs = [
        sum(TABLE.energy_j[k, option] for k, option in enumerate(options))
        for options in product((0, 1), repeat=3)
        if TABLE.changed(sum(TABLE.sensitivity_nats[k] for k, option in enumerate(options) if option)) <= allowed
    ]
    assert found.predicted_saving_j == pytest.approx(14.0 - min(costs))
    assert found.predicted_change <= allowed + 1e-12
    assert sorted((*found.quantised, *found.kept)) == ["a", "b", "c"]


@given(st.floats(0.0, 0.14))
def test_a_budget_is_what_changes_as_much_as_is_allowed(allowed: float) -> None:
    assert TABLE.changed(TABLE.budget_nats(allowed)) == pytest.approx(allowed, abs=1e-9)


def test_a_quarter_of_the_sensitivity_changes_half_of_the_answers() -> None:
    assert TABLE.changed(0.007 / 4) == pytest.approx(0.07)


def test_a_network_that_bears_eight_bits_without_a_change_keeps_nothing_in_fp32() -> None:
    assert choose_layers(replace(TABLE, all_changed=0.0), 0.0).kept == ()


def test_layers_kept_in_fp32_are_listed_with_the_least_sensitive_first() -> None:
    assert choose_layers(TABLE, 0.0).kept == ("a", "c", "b")


def test_with_all_allowed_everything_possible_is_saved() -> None:
    found = choose_layers(TABLE, 1.0)
    assert found.kept == ()
    assert found.predicted_saving_j == found.possible_saving_j == pytest.approx(9.5)


def test_every_layer_is_judged_and_narrow_numbers_never_cost_more(judged: LayerTable) -> None:
    assert judged.layers == weighed_layers(EXITED.model)
    assert (judged.energy_j[:, 1] < judged.energy_j[:, 0]).all()
    assert (judged.sensitivity_nats >= 0).all()


def test_with_every_layer_the_prediction_is_was_seen(judged: LayerTable) -> None:
    everything = choose_layers(judged, 1.0)
    assert everything.predicted_change == pytest.approx(judged.all_changed)
    assert 0.0 <= everything.predicted_change <= 1.0
