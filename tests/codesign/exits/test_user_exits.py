"""codesign/exits/user_exits.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.backbones.user_model import load_user_model
from codesign.exits.answers import onnx_session
from codesign.exits.deep_head import DeepHead
from codesign.exits.user_exits import MAX_SHARES, UserNetwork, exited, user_network, with_features
from codesign.stages.cut import cut_into_stages
from runtime.contract.exit_policy import ExitPolicy
from runtime.engine.cascade import Cascade
from runtime.engine.stage import Stage
from tests.codesign.user_networks import SIDE, residual_network, saved


@pytest.fixture(name="network", scope="module")
def a_network(tmp_path_factory: pytest.TempPathFactory) -> UserNetwork:
    # Wide blocks: beside narrow ones no head would pay.
    return user_network(load_user_model(saved(residual_network(blocks=6, width=48), tmp_path_factory.mktemp("user"))))


def images() -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(0).normal(size=(5, 3, SIDE, SIDE)).astype(np.float32)


def test_no_head_costs_more_than_its_share_of_what_leaving_saves(network: UserNetwork) -> None:
    found = exited(network, [DeepHead(shape) for shape in network.heads.values()])
    left = sum(work.macs for work in found.static)
    assert network.heads
    for shape, segment, head in zip(network.heads.values(), found.segments, found.heads, strict=False):
        left -= sum(work.macs for work in segment)
        assert head.macs <= MAX_SHARES[shape.kind] * left


def test_where_no_head_pays_there_is_no_exit(tmp_path: Path) -> None:
    assert user_network(load_user_model(saved(residual_network(blocks=3, width=4), tmp_path))).heads == {}


def test_splitting_changes_nothing_in_the_network_s_own_answer(network: UserNetwork) -> None:
    found = exited(network, [DeepHead(shape) for shape in network.heads.values()])
    stages = [Stage(s.SerializeToString(), where="test") for s in cut_into_stages(found.model, found.cuts[:2])]
    own = onnx_session(network.brought.model, 1).run(["logits"], {"image": images()})[0]
    logits, _ = Cascade(stages, ExitPolicy((-np.inf, -np.inf))).run_through(images())[-1]
    np.testing.assert_allclose(logits, own, rtol=0, atol=1e-5)


def test_features_come_beside_the_logits_in_the_order_of_the_exits(network: UserNetwork) -> None:
    model = with_features(network)
    assert [value.name for value in model.graph.output] == ["logits", *network.heads]
    found = onnx_session(model, 1).run(None, {"image": images()})
    assert [feature.shape[1] for feature in found[1:]] == [shape.channels for shape in network.heads.values()]
