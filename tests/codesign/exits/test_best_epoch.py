"""codesign/exits/best_epoch.py"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from codesign.backbones.user_model import load_user_model
from codesign.exits.best_epoch import BestEpoch, Score, exits_right, judged_on
from codesign.exits.deep_head import DeepHead
from codesign.exits.finetune_guard import full_right
from codesign.exits.trainable_exits import TrainableExits, trainable
from codesign.exits.user_exits import UserNetwork, user_network
from runtime.data.labelled import LabelledImages
from tests.codesign.small_networks import SPEC, toy_problem
from tests.codesign.user_networks import residual_network, saved

PIXELS, LABELS = toy_problem(count=300)
IMAGES = LabelledImages(PIXELS, LABELS, ("a", "b", "c", "d"))


@pytest.fixture(name="network", scope="module")
def a_network(tmp_path_factory: pytest.TempPathFactory) -> UserNetwork:
    return user_network(load_user_model(saved(residual_network(blocks=4, width=48), tmp_path_factory.mktemp("user"))))


def opened(network: UserNetwork) -> TrainableExits:
    torch.manual_seed(0)
    return trainable(network, [DeepHead(shape) for shape in network.heads.values()])


@pytest.mark.parametrize(
    ("scores", "kept"),
    [
        ([(0.0, 0.7), (0.0, 0.8), (0.0, 0.75)], 1),
        ([(-0.01, 0.9), (0.0, 0.6)], 1),  # better exits do not make up for a worse network
        ([(-0.02, 0.9), (-0.01, 0.6), (-0.01, 0.6)], 1),  # of equals the first
    ],
)
def test_the_best_epoch_keeps_the_network_first_and_the_exits_second(scores: list[Score], kept: int) -> None:
    best = BestEpoch(nn.Linear(1, 1))
    for epoch, score in enumerate(scores):
        best.offer({"weight": torch.full((1, 1), float(epoch)), "bias": torch.zeros(1)}, score)
    assert float(best.best()["weight"]) == kept


def test_where_no_epoch_was_judged_the_start_is_kept() -> None:
    layer = nn.Linear(2, 2)
    assert torch.equal(BestEpoch(layer).best()["weight"], layer.weight)


def test_the_best_epoch_outlives_an_interruption() -> None:
    best, later = BestEpoch(nn.Linear(1, 1)), BestEpoch(nn.Linear(1, 1))
    best.offer({"weight": torch.ones(1, 1), "bias": torch.zeros(1)}, (0.0, 0.5))
    later.load_state_dict(best.state_dict())
    later.offer({"weight": torch.zeros(1, 1), "bias": torch.zeros(1)}, (0.0, 0.4))
    assert float(later.best()["weight"]) == 1.0


def test_exits_are_asked_as_they_will_serve(network: UserNetwork) -> None:
    module = opened(network).train()
    right = exits_right(module, IMAGES, SPEC)
    assert right.shape == (len(network.heads) + 1,)
    assert module.training
    assert right[-1] == pytest.approx(float(np.mean(full_right(network, module, IMAGES, SPEC))))
    np.testing.assert_array_equal(right, exits_right(module, IMAGES, SPEC))


def test_a_network_as_good_as_before_has_lost_nothing_and_a_broken_one_has(network: UserNetwork) -> None:
    start, other = opened(network), opened(network)
    judge = judged_on(start, IMAGES, SPEC)
    assert judge(other)[0] == 0.0
    with torch.no_grad():
        for weight in other.backbone.weights:
            weight.zero_()
    lost, exits = judge(other)
    before = float(exits_right(start, IMAGES, SPEC)[-1])
    assert lost == pytest.approx(min(float(exits_right(other, IMAGES, SPEC)[-1]) - before, 0.0))
    assert 0.0 <= exits <= 1.0
