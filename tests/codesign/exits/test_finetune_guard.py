"""codesign/exits/finetune_guard.py"""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch

from codesign.backbones.user_model import load_user_model
from codesign.exits.deep_head import DeepHead
from codesign.exits.finetune_guard import full_right, hold_back
from codesign.exits.trainable_exits import TrainableExits, trainable
from codesign.exits.user_exits import UserNetwork, user_network
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages
from tests.codesign.user_networks import SIDE, saved, skilled_network

SPEC = TensorSpec(SIDE, SIDE, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "NCHW")


@pytest.fixture(name="network", scope="module")
def a_network(tmp_path_factory: pytest.TempPathFactory) -> UserNetwork:
    return user_network(load_user_model(saved(skilled_network(), tmp_path_factory.mktemp("net"))))


@pytest.fixture(name="images", scope="module")
def coloured_images() -> LabelledImages:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 200)
    pixels = rng.integers(0, 100, (200, SIDE, SIDE, 3), dtype=np.uint8)
    pixels[np.arange(200), :, :, labels] += 60
    return LabelledImages(pixels, labels, ("red", "green", "blue"))


def opened(network: UserNetwork) -> TrainableExits:
    return trainable(network, [DeepHead(shape) for shape in network.heads.values()]).eval()


def moved(start: TrainableExits, by: float) -> TrainableExits:
    """The classifier turned towards always answering the first class; at 1 it answers nothing else."""
    tuned = deepcopy(start)
    with torch.no_grad():
        tuned.backbone.weights[tuned.backbone.numbers["w"]].mul_(1 - by)
        tuned.backbone.weights[tuned.backbone.numbers["b"]][0] += by
    return tuned


def test_a_network_as_good_as_before_goes_all_the_way(network: UserNetwork, images: LabelledImages) -> None:
    start = opened(network)
    tuned = moved(start, 0.001)
    kept = deepcopy(tuned.state_dict())
    assert hold_back(network, start, tuned, images, SPEC) == 1.0
    assert all(torch.equal(value, kept[name]) for name, value in tuned.state_dict().items())


def test_a_worse_one_goes_as_far_as_it_is_no_worse(network: UserNetwork, images: LabelledImages) -> None:
    start = opened(network)
    tuned = moved(start, 1.0)
    share = hold_back(network, start, tuned, images, SPEC)
    assert 0.0 < share < 1.0
    before, now = (full_right(network, module, images, SPEC) for module in (start, tuned))
    assert now.sum() >= before.sum()
    name = f"backbone.weights.{tuned.backbone.numbers['b']}"
    assert float(tuned.state_dict()[name][0]) == pytest.approx(share)


def test_a_ruined_one_goes_back_to_what_was_brought_bit_for_bit(network: UserNetwork, images: LabelledImages) -> None:
    start = opened(network)
    tuned = moved(start, 1e6)
    assert hold_back(network, start, tuned, images, SPEC) == 0.0
    for one, other in zip(tuned.state_dict().values(), start.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    assert tuned.written_into(network)[0].brought.model == network.brought.model
