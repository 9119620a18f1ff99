from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.backbones.chain_network import GRAPH_OUTPUT, chain_network
from codesign.backbones.onnx_work import works_of
from codesign.space.chain_sampling import ChainSampler
from codesign.walk.fit_networks import ChainNetworks
from codesign.walk.fit_simulated import SimulatedCosts
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.kind import Kind
from tests.codesign.chains import SPACES

RNG = np.random.default_rng(0)
DESIGNS = np.stack([ChainSampler(SPACES[0]).draw(RNG) for _ in range(200)])
COSTS = SimulatedCosts(ChainNetworks(SPACES[0]), SimulatedBoard(profile("orin-nano"), "gpu"), "latency")


def test_costs_scatter_about_what_the_board_model_says() -> None:
    found = COSTS.measure(DESIGNS, DESIGNS[:2], 0, 0, lambda *_: None)
    latency_s, _ = COSTS.exact(DESIGNS)
    ratios = found.costs / latency_s
    assert ratios.std() == pytest.approx(0.01, rel=0.3)
    assert ratios.mean() == pytest.approx(1.0, abs=0.003)
    assert not found.noisy.any()
    assert found.references.shape == (2,)


def test_the_same_batch_and_attempt_read_the_same_and_others_do_not() -> None:
    first, again, other, attempt = (
        COSTS.measure(DESIGNS[:3], DESIGNS[:1], *which, lambda *_: None).costs.tolist()
        for which in ((0, 0), (0, 0), (1, 0), (0, 1))
    )
    assert first == again
    assert first != other
    assert first != attempt


def test_a_network_costs_no_less_than_its_graph_in_one_piece() -> None:
    """Layers are priced one by one: a board overlaps computing and moving at best within each."""
    latency_s, _ = COSTS.exact(DESIGNS[:1])
    whole = works_of(chain_network(SPACES[0], DESIGNS[0]), [GRAPH_OUTPUT])
    point = (COSTS.board.profile.default_point("gpu"),)
    in_one_piece_s = COSTS.board.latency_s(whole, point)[0, 0] + COSTS.board.stage_overhead_s(point)[0]
    assert in_one_piece_s <= latency_s[0] * (1 + 1e-9)
    assert latency_s[0] < 2 * in_one_piece_s


def test_energy_is_in_joules_and_latency_stands_beside_it() -> None:
    found = replace(COSTS, cost="energy", scatter=0.0).measure(DESIGNS[:2], DESIGNS[:1], 0, 0, lambda *_: None)
    latency_s, energy_j = COSTS.exact(DESIGNS[:2])
    assert found.costs.tolist() == energy_j.tolist()
    assert found.latency_s.tolist() == latency_s.tolist()
    watts = energy_j / latency_s
    assert ((watts > 1.0) & (watts < 60.0)).all()


def test_it_says_that_it_is_simulated_and_what_is_assumed() -> None:
    assert COSTS.kind is Kind.SIMULATED
    assert "simulated" in COSTS.hardware
    assert "1.0% scatter assumed" in COSTS.hardware


def test_other_clocks_cost_something_else_and_are_said() -> None:
    slowest = COSTS.board.profile.points("gpu")[0]
    slow = replace(COSTS, point=slowest)
    assert (slow.exact(DESIGNS[:2])[0] > COSTS.exact(DESIGNS[:2])[0]).all()
    assert str(slowest) in slow.hardware
