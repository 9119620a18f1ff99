"""codesign/exits/trainable_exits.py"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from codesign.backbones.user_model import load_user_model
from codesign.exits.answers import answers
from codesign.exits.deep_head import DeepHead
from codesign.exits.trainable_exits import EARLIEST, LATEST, trainable, worth_training
from codesign.exits.user_exits import UserNetwork, exited, user_network
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec
from tests.codesign.backbones.test_user_architectures import WORKING
from tests.codesign.user_networks import SIDE, residual_network, saved

SPEC = TensorSpec(SIDE, SIDE, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "NCHW")


@pytest.fixture(name="network", scope="module")
def a_network(tmp_path_factory: pytest.TempPathFactory) -> UserNetwork:
    network = user_network(load_user_model(saved(residual_network(4, 48), tmp_path_factory.mktemp("net"))))
    assert len(network.heads) >= 2
    return network


def test_torch_answers_at_every_exit_what_the_exported_graph_does(network: UserNetwork) -> None:
    torch.manual_seed(0)
    module = trainable(network, [DeepHead(shape) for shape in network.heads.values()]).eval()
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(1.05)
    images = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)
    with torch.no_grad():
        found = torch.stack(module(torch.from_numpy(Preprocessing(SPEC)(images)))).numpy()
    written = exited(*module.written_into(network))
    expected = answers(written.model, written.outputs, images, SPEC, 1).logits
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_what_is_trained_are_copies(network: UserNetwork) -> None:
    heads = [DeepHead(shape) for shape in network.heads.values()]
    before = heads[0].classifier.weight.clone()
    module = trainable(network, heads)
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
    assert torch.equal(heads[0].classifier.weight, before)
    assert network.brought.model is not module.written_into(network)[0].brought.model


def test_exits_too_early_or_too_late_are_not_trained_unless_there_are_no_others(network: UserNetwork) -> None:
    macs = np.cumsum([block.macs for block in network.brought.blocks])
    shares = dict(zip(network.brought.exits, macs / macs[-1], strict=False))
    kept = worth_training(network)
    assert kept.heads
    assert all(EARLIEST <= shares[cut] <= LATEST for cut in kept.heads)
    outside = {cut: head for cut, head in network.heads.items() if cut not in kept.heads}
    assert worth_training(replace(network, heads=outside)).heads == outside


def test_a_network_made_of_other_layouts_is_probed_as_it_wants(tmp_path: Path) -> None:
    model = load_user_model(saved(WORKING["mobile, channels last outside"][0](), tmp_path))
    assert model.layout == "NHWC"
    trainable(UserNetwork(model, {}), [])
